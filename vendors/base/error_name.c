/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error_name.c - see error_name.h.
 */
#include "vendors/base/error_name.h"

#include <errno.h>
#include <stddef.h>

#define NAMED(name)                                                                                \
	{                                                                                          \
		name, #name                                                                        \
	}

static const struct {
	int error;
	const char *name;
} names[] = {
    NAMED(E2BIG),         NAMED(EACCES),       NAMED(EADDRINUSE),
    NAMED(EADDRNOTAVAIL), NAMED(EAFNOSUPPORT), NAMED(EAGAIN),
    NAMED(EALREADY),      NAMED(EBADF),        NAMED(EBADMSG),
    NAMED(EBUSY),         NAMED(ECANCELED),    NAMED(ECHILD),
    NAMED(ECONNABORTED),  NAMED(ECONNREFUSED), NAMED(ECONNRESET),
    NAMED(EDEADLK),       NAMED(EDESTADDRREQ), NAMED(EDOM),
    NAMED(EDQUOT),        NAMED(EEXIST),       NAMED(EFAULT),
    NAMED(EFBIG),         NAMED(EHOSTDOWN),    NAMED(EHOSTUNREACH),
    NAMED(EIDRM),         NAMED(EILSEQ),       NAMED(EINPROGRESS),
    NAMED(EINTR),         NAMED(EINVAL),       NAMED(EIO),
    NAMED(EISCONN),       NAMED(EISDIR),       NAMED(ELOOP),
    NAMED(EMFILE),        NAMED(EMLINK),       NAMED(EMSGSIZE),
    NAMED(EMULTIHOP),     NAMED(ENAMETOOLONG), NAMED(ENETDOWN),
    NAMED(ENETRESET),     NAMED(ENETUNREACH),  NAMED(ENFILE),
    NAMED(ENOBUFS),       NAMED(ENODATA),      NAMED(ENODEV),
    NAMED(ENOENT),        NAMED(ENOEXEC),      NAMED(ENOLCK),
    NAMED(ENOLINK),       NAMED(ENOMEM),       NAMED(ENOMSG),
    NAMED(ENOPROTOOPT),   NAMED(ENOSPC),       NAMED(ENOSYS),
    NAMED(ENOTCONN),      NAMED(ENOTDIR),      NAMED(ENOTEMPTY),
    NAMED(ENOTTY),        NAMED(ENXIO),        NAMED(EOPNOTSUPP),
    NAMED(EOVERFLOW),     NAMED(EOWNERDEAD),   NAMED(EPERM),
    NAMED(EPIPE),         NAMED(EPROTO),       NAMED(EPROTONOSUPPORT),
    NAMED(EPROTOTYPE),    NAMED(ERANGE),       NAMED(EROFS),
    NAMED(ESPIPE),        NAMED(ESRCH),        NAMED(ESTALE),
    NAMED(ETIME),         NAMED(ETIMEDOUT),    NAMED(ETXTBSY),
    NAMED(EXDEV),
};

const char *error_name(int error)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (names[i].error == error)
			return names[i].name;
	}
	return "?";
}

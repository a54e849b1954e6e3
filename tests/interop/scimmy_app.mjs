// SPDX-License-Identifier: Apache-2.0
// A SCIM server as people write one with scimmy: users and groups in memory, and in the file STORE after
// each change. The environment has PORT, STORE and TOKEN. It must lie beside node_modules.

import { randomUUID } from "node:crypto";
import fs from "node:fs";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const { STORE, PORT, TOKEN } = process.env;
const data = JSON.parse(fs.readFileSync(STORE, "utf8"));

function save() {
	fs.writeFileSync(`${STORE}.new`, JSON.stringify(data));
	fs.renameSync(`${STORE}.new`, STORE);
}

function missing(id) {
	return new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
}

function declare(resource, rows, unique) {
	SCIMMY.Resources.declare(resource)
		.ingress(({ id }, instance) => {
			const sent = JSON.parse(JSON.stringify(instance));
			const old = rows.find((row) => row.id === id);
			if (id && !old) throw missing(id);
			const taken = rows.find((row) => row.id !== id &&
				row[unique].toLowerCase() === String(sent[unique]).toLowerCase());
			if (taken) throw new SCIMMY.Types.Error(409, "uniqueness", `${unique} is already taken`);
			const now = new Date().toISOString();
			const row = { ...sent, id: id ?? randomUUID(),
				meta: { created: old?.meta.created ?? now, lastModified: now } };
			if (old) rows[rows.indexOf(old)] = row;
			else rows.push(row);
			save();
			return row;
		})
		.egress(({ id, filter }) => {
			if (id) {
				const row = rows.find((one) => one.id === id);
				if (!row) throw missing(id);
				return row;
			}
			return filter ? filter.match(rows) : rows;
		})
		.degress(({ id }) => {
			const at = rows.findIndex((row) => row.id === id);
			if (at < 0) throw missing(id);
			rows.splice(at, 1);
			save();
		});
}

declare(SCIMMY.Resources.User, data.users, "userName");
declare(SCIMMY.Resources.Group, data.groups, "displayName");

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
	type: "bearer",
	handler: (request) => {
		if (request.header("Authorization") !== `Bearer ${TOKEN}`) throw new Error("the token is wrong");
		return "interop";
	},
}));
app.listen(Number(PORT), "127.0.0.1");

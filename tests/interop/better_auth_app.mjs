// SPDX-License-Identifier: Apache-2.0
// The SCIM service of better-auth over SQLite. The environment has PORT, DATABASE and TOKEN. It must lie
// beside node_modules.

import http from "node:http";
import Database from "better-sqlite3";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { scim } from "@better-auth/scim";

const { DATABASE, PORT, TOKEN } = process.env;
const database = new Database(DATABASE);
// no loss of power is to be survived
database.pragma("synchronous = off");

const options = {
	baseURL: `http://127.0.0.1:${PORT}`,
	secret: "4f9a1c07e83b52d6f0a7c94e18d36b25",
	database,
	rateLimit: { enabled: false },
	telemetry: { enabled: false },
	plugins: [scim({ connections: [{ id: "interop", credentials: [{ type: "bearer", id: "key", token: TOKEN }] }] })],
};
const { runMigrations } = await getMigrations(options);
await runMigrations();
http.createServer(toNodeHandler(betterAuth(options))).listen(Number(PORT), "127.0.0.1");

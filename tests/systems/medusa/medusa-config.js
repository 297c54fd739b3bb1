// The shop of the tests: no admin pages, no telemetry, a database that the test names.
const { defineConfig } = require("@medusajs/framework/utils")

const host = "http://127.0.0.1"

module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    databaseDriverOptions: { connection: { ssl: false } },
    http: { storeCors: host, adminCors: host, authCors: host, jwtSecret: "of-a-test", cookieSecret: "of-a-test" },
  },
})

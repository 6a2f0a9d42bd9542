/**
 * Kysely by value is imported from here only: the build replaces this file's output by a bundle of itself, because its
 * 260 modules cost the server's start more than opening the database (docs/decisions/0009).
 */
export { Kysely, Migrator, SqliteDialect, sql } from 'kysely';

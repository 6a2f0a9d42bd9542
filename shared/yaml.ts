/**
 * YAML 1.2, for what people write: configurations, policies, releases. Imported from here only: the build replaces this
 * file's output by a bundle of itself (docs/decisions/0009).
 */
export { parse, parseDocument } from 'yaml';

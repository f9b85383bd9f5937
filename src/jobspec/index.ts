export {
  createJobFileParser,
  type JobDiagnostic,
  type JobFileParser,
  type ParsedJobFile,
} from './parse-job-file.ts'
export { sealJob } from './seal-job.ts'
export { toApiJson } from './to-api-json.ts'

export {
  createJobFileParser,
  type JobDiagnostic,
  type JobFileInput,
  type JobFileParser,
  type ParsedJobFile,
} from './parse-job-file.ts'
export { type Seal, sealJob } from './seal-job.ts'
export { templateFunctionNames } from './template-functions.ts'

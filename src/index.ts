/** Errand as a library: the pure pipeline, for those who embed it. */
export {
  type ExplainedEntry,
  type OpenPipeline,
  type OpenPipelineOptions,
  openPipeline,
} from './agent/open-pipeline.js'
export { type Problem, ProblemsError, renderProblem } from './core/problem.js'
export type { Cause, ErrorRecord, Frame } from './core/shapes.js'

/** Every processor type. A test holds this list against the files of the folder. */
import type { ProcessorKind } from '../processor.js'
import { arithmeticProcessor } from './arithmetic-processor.js'
import { arrayProcessor } from './array-processor.js'
import { attributeRemapper } from './attribute-remapper.js'
import { categoryProcessor } from './category-processor.js'
import { dateRemapper } from './date-remapper.js'
import { excludeAttribute } from './exclude-attribute.js'
import { geoIpParser } from './geo-ip-parser.js'
import { grokParser } from './grok-parser.js'
import { logfmtParser } from './logfmt-parser.js'
import { lookupProcessor } from './lookup-processor.js'
import { messageRemapper } from './message-remapper.js'
import { pipeline } from './pipeline.js'
import { schemaProcessor } from './schema-processor.js'
import { serviceRemapper } from './service-remapper.js'
import { spanIdRemapper } from './span-id-remapper.js'
import { stampParser } from './stamp-parser.js'
import { statusRemapper } from './status-remapper.js'
import { stringBuilderProcessor } from './string-builder-processor.js'
import { traceIdRemapper } from './trace-id-remapper.js'
import { tracebackParser } from './traceback-parser.js'
import { urlParser } from './url-parser.js'
import { userAgentParser } from './user-agent-parser.js'

export const PROCESSOR_KINDS: readonly ProcessorKind[] = [
  arithmeticProcessor,
  arrayProcessor,
  attributeRemapper,
  categoryProcessor,
  dateRemapper,
  excludeAttribute,
  geoIpParser,
  grokParser,
  logfmtParser,
  lookupProcessor,
  messageRemapper,
  pipeline,
  schemaProcessor,
  serviceRemapper,
  spanIdRemapper,
  stampParser,
  statusRemapper,
  stringBuilderProcessor,
  traceIdRemapper,
  tracebackParser,
  urlParser,
  userAgentParser,
]

const BY_TYPE = new Map(PROCESSOR_KINDS.map((kind) => [kind.type, kind]))

export function processorKind(type: string): ProcessorKind | undefined {
  return BY_TYPE.get(type)
}

/** Types that Datadog has and Errand does not run; a pipeline that holds one runs without it, with a warning. */
export const UNSUPPORTED_TYPES: readonly string[] = [
  'threat-intel-processor',
  'decoder-processor',
  'array-map-processor',
]

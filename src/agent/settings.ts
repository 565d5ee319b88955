/**
 * The whole config as one schema, put together from the settings that each part declares beside its code.
 * Parsing is pure; `resolve.ts` turns what was written into what it means.
 */
import { z } from 'zod'
import { bytes, duration } from '../config/types.js'
import { ERROR_STATUSES } from '../core/shapes.js'
import { fingerprintSettings } from '../fingerprint/rules.js'
import { ENCODINGS } from '../frame/encoding.js'
import { OUTPUT_KINDS } from '../outputs/kinds.js'
import { batchSettings } from '../ship/settings.js'
import { spoolSettings } from '../spool/settings.js'
import { tailSettings } from '../tail/settings.js'
import { inAppSettings } from '../trace/in-app-overrides.js'

const text = (description: string) => z.string().min(1).describe(description)

const inputSettings = {
  source: text('What writes the log: the name of a remapper, e.g. "python", "java". Absent: "auto".').default('auto'),
  service: text('The service the errors belong to. Absent: the source, with a warning.').optional(),
  env: text('The environment of this input, e.g. "prod"; wins over the config\'s own.').optional(),
  version: text("The version of the service; wins over the config's own.").optional(),
  tags: z
    .record(z.string(), z.string())
    .default({})
    .describe('Tags for the errors of this input, e.g. { team: "shop" }.'),
  format: z
    .enum(['auto', 'plain', 'cri', 'docker'])
    .default('auto')
    .describe(
      'How lines are wrapped: by Kubernetes ("cri"), by docker\'s json-file ("docker") or not at all. "auto" finds out.',
    ),
  encoding: z
    .enum(ENCODINGS)
    .optional()
    .describe(
      'How text is written, e.g. "windows-1252", "shift_jis". Absent: UTF-8, or UTF-16 with a byte order mark.',
    ),
  timezone: z
    .string()
    .refine(isTimeZone, {
      error: (issue) =>
        `${JSON.stringify(issue.input)} is not a time zone. Write an IANA name such as "Europe/Berlin".`,
    })
    .optional()
    .describe('Zone of times that name none, e.g. "Europe/Berlin". Absent: UTC.'),
  remap: z
    .record(z.string(), z.union([z.string(), z.array(z.string()).min(1)]))
    .default({})
    .describe(
      'Attributes to fill from others, e.g. { "error.stack": ["exc_info", "trace"] }: the first present one counts.',
    ),
  inApp: inAppSettings
    .optional()
    .describe('Whose code the frames of this input are; wins over the `inApp` of the config.'),
}

const fileInput = z.strictObject({
  type: z.literal('file').describe('Tail files.'),
  paths: z.array(z.string().min(1)).min(1).describe("Files and globs (`*`, `**`, `{a,b}`), from the config's folder."),
  exclude: z.array(z.string().min(1)).default([]).describe('Files and globs to leave alone; they win over `paths`.'),
  startAt: z
    .enum(['beginning', 'end'])
    .default('end')
    .describe(
      'Where to begin in files that are there at the first start. Files that appear later are read from the beginning.',
    ),
  allowedRoots: z
    .array(z.string().min(1))
    .default(['/var/log/pods', '/var/lib/docker/containers'])
    .describe(
      'Directories that symbolic links may lead to, besides the fixed part of each path. A link to anywhere else is not read, counted and reported.',
    ),
  ...inputSettings,
})

const stdinInput = z.strictObject({ type: z.literal('stdin').describe('Read standard input.'), ...inputSettings })

const common = {
  name: z
    .string()
    .regex(
      /^[\w.-]{1,64}$/,
      'A name has 1 to 64 letters, digits, ".", "_" or "-": it names files of the state directory.',
    )
    .describe('Names the output in messages, metrics and state. Keep it: the delivery position hangs on it.'),
  batch: batchSettings,
}

/** One schema for each kind of output, told apart by `type`. */
function outputSettings() {
  const variants = OUTPUT_KINDS.map((kind) =>
    z.strictObject({ ...common, type: z.literal(kind.type).describe(kind.description), ...kind.settings.shape }),
  )
  const [first, ...rest] = variants
  if (first === undefined) throw new Error('no kind of output is built in')
  return z.discriminatedUnion('type', [first, ...rest])
}

export const configSettings = z
  .strictObject({
    $schema: z.string().optional().describe('For editors; not used.'),
    stateDir: text('Where positions, the spool and refused records live.').default('./errand-data'),
    env: text('The environment, e.g. "prod".').optional(),
    version: text('The version of what is deployed here.').optional(),
    host: text("The name of this host. Absent: ERRAND_HOST, NODE_NAME, else the system's.").optional(),
    tags: z.record(z.string(), z.string()).default({}).describe('Tags for every error, e.g. { team: "shop" }.'),
    inputs: z
      .array(z.discriminatedUnion('type', [fileInput, stdinInput]))
      .min(1)
      .describe('What to read.'),
    remappers: z
      .array(z.union([z.string().min(1), z.record(z.string(), z.unknown())]))
      .default([])
      .describe(
        "Your own pipelines: files and globs from the config's folder, or pipelines written here. They run after the bundled one of the source.",
      ),
    keep: z
      .strictObject({
        statuses: z
          .array(z.enum(ERROR_STATUSES))
          .min(1)
          .default([...ERROR_STATUSES])
          .describe('The statuses to keep; nothing below error can be kept.'),
      })
      .prefault({})
      .describe('Which errors to keep.'),
    inApp: inAppSettings
      .optional()
      .describe(
        "Whose code a frame is, where Errand's own tables are not right: marked on every frame, and counted in fingerprints.",
      ),
    fingerprint: fingerprintSettings
      .prefault({})
      .describe('Fingerprints of your own. They go beside the pre-fingerprint, and outputs group by them.'),
    outputs: z
      .array(outputSettings())
      .min(1)
      .describe('Where the errors go. Every output gets every error, at its own pace.'),
    group: z
      .strictObject({
        idle: duration('1s').describe('Close a record when its file has been silent this long.'),
        unfinished: duration('30s').describe(
          'Take a last line without a line end as whole when its file has been silent this long. Until then the writer is in the middle of it, and the record before it stays open.',
        ),
        maxLineBytes: bytes('1MiB')
          .pipe(
            z
              .number()
              .min(1024)
              .max(2 ** 26),
          )
          .describe('Longest line; the rest of a longer one is cut, marked and counted.'),
        maxEntryBytes: bytes('1MiB')
          .pipe(
            z
              .number()
              .min(1024)
              .max(2 ** 26),
          )
          .describe('Largest record in all its lines; the rest is cut, marked and counted.'),
      })
      .prefault({})
      .describe('How lines become records.'),
    tail: tailSettings.describe('How files are found and read.'),
    spool: spoolSettings.prefault({}),
    status: z
      .strictObject({
        listen: z
          .string()
          .regex(/^(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}$/, {
            error: ({ input }) =>
              `${JSON.stringify(input)} is not host:port. Write "127.0.0.1:8686" for this host alone, "0.0.0.0:8686" for everybody.`,
          })
          .refine((listen) => !(Number(listen.slice(listen.lastIndexOf(':') + 1)) > 65535), {
            error: ({ input }) => `${JSON.stringify(input)} has no port: ports go up to 65535.`,
          })
          .describe(
            'Address of /healthz, /readyz and /metrics: "127.0.0.1:8686" answers this host alone, "0.0.0.0:8686" everybody.',
          ),
      })
      .optional()
      .describe('Absent: nothing listens.'),
    reload: z
      .strictObject({
        watch: z
          .boolean()
          .default(true)
          .describe(
            'Take a changed config, or a changed remapper file, by itself. A config with problems is not taken. SIGHUP reloads all the same.',
          ),
        poll: duration('5s')
          .pipe(z.number().min(20))
          .describe('How often these files are looked at. A change is taken when two looks in a row see the same.'),
      })
      .prefault({})
      .describe('Taking a changed config without a restart.'),
    log: z
      .strictObject({
        level: z
          .enum(['debug', 'info', 'warn', 'error'])
          .default('info')
          .describe('What the agent says of itself on stderr.'),
      })
      .prefault({})
      .describe("The agent's own log."),
    shutdown: z
      .strictObject({
        timeout: duration('10s').describe(
          'How long a stop waits for deliveries under way. What is left stays in the spool.',
        ),
      })
      .prefault({})
      .describe('Stopping.'),
  })
  .describe('The config of Errand.')

export type Config = z.output<typeof configSettings>
export type InputConfig = Config['inputs'][number]
export type OutputConfig = Config['outputs'][number]

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

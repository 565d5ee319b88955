// The behaviours of a file tailer, in groups, and the tests that show each: the tables of docs/reliability.md. A test
// shows a behaviour when its name ends in the behaviour's number in brackets. Pure: values in, texts out.

/** Where what is done in another way than other tailers do is explained. */
const DIFFERENT = 'limits.md#compared-with-other-tailers'

/** Text of each behaviour, by group, numbered through from 1; behind a bar what is different here. */
export const GROUPS = [
  [
    'Finding files',
    [
      'Files and directories that come after the start are found; a file that several globs or inputs match is read once.',
      'Excludes win over paths.',
      'A file that appears after the start is read from its beginning, wherever those present at the start were begun.',
      '`startAt: "end"`: of the files present at the start only what is written later is read, the line in the making whole.',
      'Files older than `tail.ignoreOlder` are passed over; what is written to them later is read from where they ended.',
      'More files than `tail.maxOpenFiles`: the one written to least recently begins, each has its turn, none starves.',
      'A file that may not be read keeps nobody from reading the others; it is read once it may be.',
      'A directory may be missing at the start; a file may vanish between being found and being opened.',
      'Names with blanks, brackets, commas, other scripts, without an extension.',
      'Symbolic links are followed, also when they are swapped or lose their target; link and target count as one file.',
      'A rotated set is read oldest first, by the numbers or dates in its names; dated directories in the order of writing.',
      'An empty file is not opened and has no identity before it holds something.',
    ],
  ],
  [
    'Reading',
    [
      'A last line without its end waits for it and comes once and whole; it is taken as it is after `group.unfinished`, or when its file is gone.',
      'A line written in any pieces, and read in any, is whole: characters and CRLF too.',
      'Empty lines are kept in a record and skipped outside of any; CRLF or LF. | There is no option.',
      'A line over its limit is cut between characters, marked and counted; the next one is intact. | It is never skipped as a whole.',
      'The mark is on the record that was cut and on no other; line and entry are counted apart. | The rest is left out, so there is one piece.',
      'UTF-8 and UTF-16 with a byte order mark, which is no text; others where the input names them. What fits none is read with replacement characters, and reading goes on.',
      'Lines end with LF. | Other delimiters stay in the text.',
      'Compressed files are read once, of several members too; a log that was compressed is finished from its position.',
      'Files are read in fair turns, each a bounded share of every turn, the oldest first.',
      'What is read in a turn is bounded, and the last part of a file comes however small it is. | There is no limit in bytes per second.',
      'Nothing is looked at between two polls while nothing comes; events and growth are followed at once. | The poll keeps its pace.',
      'The header at the top of a file is read once, also over a restart in its middle. | It gives no attributes.',
      'Each record names its file and the offset of its first byte, for groups and after a rename too. | Lines have no number.',
      'Blocks of NUL that a crash or a sparse truncation leaves are part of no record and hide none.',
    ],
  ],
  [
    'Rotation',
    [
      'Renamed and made anew: the rest of the old file, then the new one from its start; nothing lost, nothing twice.',
      'Copied and truncated: what comes then is read from the start, what was cut off unread is found in the copy, the copy is not read again.',
      'A file truncated and filled beyond the old position between two looks is told by its content.',
      'A writer that goes on at its old offset after a truncation.',
      'What was written before a file was renamed out of the globs is read.',
      'Several rotations between two looks lose nothing.',
      'A rotated or deleted file is held for `tail.rotatedGrace`, late lines are read, then its descriptor is freed.',
      'Rotated while the agent was down: the old file is finished under its new name, then the new one read from its start.',
      'Truncated while the agent was down: the new content, and the rest of the old out of its copy where there is one.',
      'Deleted and made anew under its name, on the same inode too: read from the start.',
      'Moved away and back: reading goes on where it was.',
      'Files with the same beginning, however short, are told apart and all read.',
      'A file shorter than its fingerprint keeps its identity while it grows.',
      'Another `tail.fingerprintBytes` in the next run keeps the positions.',
      'A rename keeps the position. | There is no option to read a renamed file again.',
      'Over a rotation the last lines of the old file come before the first of the new one.',
      'Rotated or truncated while reading waited for a full spool: nothing is lost.',
    ],
  ],
  [
    'Positions and restart',
    [
      'Reading goes on after a restart exactly where it was.',
      'A position is written only for what is safe in the spool; what came later comes again after a crash, with the same id.',
      'A line or record that is half written at a stop is not counted as read: it comes once, whole, after the restart.',
      'The state file is replaced in one step, files of other versions are taken, a damaged one is set aside and told.',
      'Positions of files that are gone for `tail.forgetAfter` are forgotten, and the state file holds the others alone.',
      'The position of an open record is that of its first line.',
      'A stop ends in time although an output hangs; what is open then is whole after the restart. | It is not sent in halves.',
    ],
  ],
  [
    'Records of several lines',
    [
      'A record ends where the next begins, by time, or by its limit of bytes: cut, marked, counted. | There is no limit of lines, and the rest is left out.',
      'No record holds lines of two files, or of stdout and stderr.',
      'Lines before the first head are entries of their own; a traceback without its head stays together.',
      'A record at the end of a file is emitted by time although nothing more comes.',
      'Without any pattern a date begins a record; addresses, versions, UUIDs and a bare time of day do not.',
      'A line that is one JSON object stands alone, even inside a record.',
    ],
  ],
  [
    'Files of containers',
    [
      'CRI: parts are joined for each stream, empty ones too, given up after a while, limited as a whole.',
      "docker's json-file: parts, escapes, broken lines as they stand. | Attributes of the logging driver are left out.",
      'The framing is found on every line anew.',
      'stdout and stderr are told in `log.stream`. | They suggest no status.',
      'Lines that are nearly CRI are passed on as they stand, and counted.',
    ],
  ],
]

/**
 * The numbered tests in the sources, in their order: file, number, and the name with its `describe` before it. Values that
 * a table of variants puts into the name stand as `…`.
 */
export function numberedTests(sources) {
  const found = []
  for (const { path, text } of sources) {
    let outer = ''
    // A `describe` at the margin holds all that follows up to its closing line.
    for (const [whole, quotedOuter, quotedTest] of text.matchAll(
      /^describe\(\s*('(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)|^\}\)|^ *it\(\s*('(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)/gm,
    )) {
      if (whole === '})') outer = ''
      else if (quotedOuter !== undefined) outer = nameOf(quotedOuter)
      else {
        const [, name, numbers] = /^(.*) \((\d+(?:, \d+)*)\)$/s.exec(nameOf(quotedTest)) ?? []
        if (numbers === undefined) continue
        const title = outer === '' ? name : `${outer} › ${name}`
        for (const number of numbers.split(', ')) found.push({ path, number: Number(number), name: title })
      }
    }
  }
  return found
}

function nameOf(quoted) {
  return quoted
    .slice(1, -1)
    .replace(/\$\{[^}]*\}/g, '…')
    .replace(/\\u([0-9a-f]{4})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\(.)/g, '$1')
}

/** The tables of all behaviours with their tests. Throws when one has none, or a test bears a number that is none. */
export function behaviourTables(tests) {
  const out = []
  let number = 0
  for (const [group, behaviours] of GROUPS) {
    out.push(`### ${group}`, '', '| | behaviour | shown by |', '| --- | --- | --- |')
    for (const behaviour of behaviours) {
      number++
      const shown = tests.filter((test) => test.number === number)
      if (shown.length === 0) throw new Error(`no test shows behaviour ${number}: ${behaviour}`)
      const [text, different] = behaviour.split(' | ')
      const difference = different === undefined ? '' : ` [${different}](${DIFFERENT})`
      out.push(`| ${number} | ${text}${difference} | ${shown.map(shownBy).join('<br>')} |`)
    }
    out.push('')
  }
  const stray = tests.find((test) => test.number < 1 || test.number > number)
  if (stray) throw new Error(`${stray.path}: there is no behaviour ${stray.number}: ${stray.name}`)
  return out.join('\n').trimEnd()
}

function shownBy({ path, name }) {
  const file = path.split('/').at(-1).replace('.test.ts', '')
  return `[${file}](../${path}): ${name.replaceAll('|', '\\|').replaceAll('<', '&lt;')}`
}

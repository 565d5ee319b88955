/**
 * Lines in, entries out: decides which lines are one logical message, and is the one place that decodes.
 * A line with a head begins an entry and takes every line up to the next head; a line outside any record joins only
 * where a traceback's grammar, its indentation or its tag says so; a JSON line always stands alone.
 * A group that closes without an alarm is forgotten undecoded. Pure; time comes in through `tick`.
 */
import type { Entry, Stream } from '../core/shapes.js'
import { ownText } from '../core/text.js'
import { type Carrier, carrierOf } from './carrier.js'
import { Followers, type GroupFollower } from './followers.js'
import { Heads, type HeadVerdict } from './heads.js'
import {
  announces,
  behind,
  cutAt,
  decode,
  endOf,
  type GroupLine,
  isJsonLine,
  isLine,
  kept,
  saysLevel,
  tagsAt,
} from './line.js'
import { GrowingText } from './text.js'

/** The part of a traceback language that grouping needs. */
export interface GroupLanguage {
  readonly followsAnyLine?: boolean
  follow(line: string): GroupFollower | undefined
  interrupts(line: string): boolean
}

export interface GrouperOptions {
  readonly languages: readonly GroupLanguage[]
  /** The remapper's own head patterns. */
  readonly heads: readonly string[]
  /** Largest text of one entry, in bytes; what is over is left out, marked and counted. */
  readonly maxEntryBytes: number
  /** Close a group when its lane has been silent this long, in ms. */
  readonly idleMs: number
  /**
   * Whether the level in a record's head decides alone whether it can be an error, so that the line need not be
   * searched for alarms. Not where a pipeline of the user's may make an error of what says INFO.
   */
  readonly trustHeads: boolean
  /** With `trustHeads`: matches the beginning of a JSON line that is below error; sticky, the level's key in group 1. */
  readonly calmJson?: RegExp | undefined
  /** Judge one calm group in this many all the same, to find out whether alarms miss anything; 0 = never. */
  readonly sampleEvery: number
  /** What an earlier grouper of the same stream left; default: there was none. */
  readonly before?: GrouperRest | undefined
}

/** What outlasts a grouper that holds no text. */
export interface GrouperRest {
  /** Calm groups so far: one in `sampleEvery` is judged all the same. */
  readonly calm: number
  /** Of each lane the line in pieces that was handed on before its end, if there is one. */
  readonly cutLines: readonly (CutLine | undefined)[]
}

/** No lane has one; nearly always so, and there may be thousands of files. */
const UNCUT: GrouperRest['cutLines'] = [undefined, undefined, undefined]

/** Pieces of it that still come are left out. */
export interface CutLine {
  /** File offset of its first piece. */
  readonly from: number
  /** When its last piece came, on the caller's clock. */
  readonly touched: number
}

/** `calm` entries held no alarm and were judged only as a sample. */
export type EntrySink = (entry: Entry, calm: boolean) => void

const OPEN_BRACE = 123
const OPEN_ANGLE = 60
/** An XML record that has not ended by now never will. */
const MAX_XML_LINES = 5000
const COMMA = 44
const SPACE = 32
const TAB = 9
/** What the offset of a line costs. */
const OFFSET_BYTES = 8
/** Lists shorter than this are copied to have no room for more, where there may be thousands of them. */
const FEW_OFFSETS = 64
const STREAMS: readonly (Stream | undefined)[] = [undefined, 'stdout', 'stderr']
/** A time to the millisecond: heads that have less in common are the same by chance. */
const MIN_REPEATED = 23
const PYTHON_HEADER = /^(?: {2}\+ Exception Group )?Traceback \(/
/** Longest line that grammars look at; what is longer begins nothing and follows nothing that we know. */
const MAX_GRAMMAR_CHARS = 16_384

/** By the list that they were compiled from: all files of a source share theirs. */
const compiledHeads = new WeakMap<readonly string[], Heads>()

/** The open group of one lane. */
class Group {
  open = false
  headed = false
  alarmed = false
  cut = false
  /** The next line belongs to the head whatever it looks like (java.util.logging's second line). */
  expectsSecond = false
  follower: GroupFollower | undefined
  /** Outside any record: whether the follower began on an indented line below another. */
  setIn = false
  /** Of a record: whether its head says a time and no level, or a level alone; undefined until somebody asks. */
  bare: boolean | undefined
  /** Of such a record: whether its head is nothing but a word, `error: …`, which an error may begin with as well. */
  isWord = false
  /** Whether the last line was the traceback's. */
  followed = false
  /** Whether the last line began with a blank, as frames do. */
  indented = false
  /** The line that ends the group, whatever stands before it: of JSON over many lines, of XML records. */
  until = ''
  /** What carried the group's lines, when their own text begins with a head; see carrier.ts. */
  carrier: string | undefined
  /** Who printed the group's first line, where that line's own text says no time; '' if unknown, undefined before asked. */
  printer: string | undefined
  /** The tag prefix of the group's first line, when the group is outside any record. */
  tags = ''
  bytes = 0
  from = 0
  to = 0
  time: string | undefined
  /** Physical lines, those that are over the limit included. */
  lines = 0
  readonly text = new GrowingText()
  /** Of the lines that are in the text, but the first: nearly all groups have one line. */
  offsets: number[] = []
  /** Lines that the follower took and may yet give back, each with where its text begins. */
  held: { readonly line: GroupLine; readonly start: number }[] = []
  /** When the last line came, on the caller's clock. */
  touched = 0
}

/** Pieces of a line that the container runtime split. */
class Partial {
  pieces: string[] = []
  /** Of the pieces so many are copies of our own. */
  owned = 0
  bytes = 0
  from = 0
  cut = false
  alarmed = false
  touched = 0
  time: string | undefined
  decoded = false
}

export class Grouper {
  readonly #options: GrouperOptions
  readonly #sink: EntrySink
  readonly #heads: Heads
  /** By lane; made when its first line comes, since most files have one lane only. */
  readonly #groups: (Group | undefined)[] = [undefined, undefined, undefined]
  readonly #partials: (Partial | undefined)[] = [undefined, undefined, undefined]
  readonly #cutLines: (CutLine | undefined)[]
  #now = 0
  #calm: number

  /** For the accounting: lines of groups that closed without an alarm, and groups and bytes that were over the limit. */
  linesCalm = 0
  /** Physical lines that a container runtime had split off and that went into the line before them. */
  linesJoined = 0
  entriesCut = 0
  bytesCut = 0

  constructor(options: GrouperOptions, sink: EntrySink) {
    this.#options = options
    this.#sink = sink
    let heads = compiledHeads.get(options.heads)
    if (heads === undefined) compiledHeads.set(options.heads, (heads = new Heads(options.heads)))
    this.#heads = heads
    this.#calm = options.before?.calm ?? 0
    this.#cutLines = [...(options.before?.cutLines ?? UNCUT)]
  }

  /** For the next grouper of the stream, when no group is open and no line unfinished. */
  get rest(): GrouperRest {
    const isUncut = this.#cutLines.every((cut) => cut === undefined)
    return { calm: this.#calm, cutLines: isUncut ? UNCUT : this.#cutLines }
  }

  /** File offset of the first byte that an open group or an unfinished line still needs; undefined when none does. */
  get openFrom(): number | undefined {
    let least: number | undefined
    for (const group of this.#groups) if (group?.open) least = Math.min(least ?? group.from, group.from)
    for (const partial of this.#partials) if (partial) least = Math.min(least ?? partial.from, partial.from)
    return least
  }

  /** Lines held by open groups; a line in pieces counts once, as in `linesJoined`. */
  get linesOpen(): number {
    let lines = 0
    for (const group of this.#groups) if (group?.open) lines += group.lines + group.held.length
    for (const partial of this.#partials) if (partial) lines++
    return lines
  }

  /** What open groups and unfinished lines hold, in bytes: their text, and a number for each line. */
  get heldBytes(): number {
    let bytes = 0
    for (const group of this.#groups) {
      if (!group?.open) continue
      bytes += group.bytes + group.offsets.length * OFFSET_BYTES
      for (const { line } of group.held) bytes += line.view.length
    }
    for (const partial of this.#partials) if (partial) bytes += partial.bytes
    return bytes
  }

  /**
   * Copies what is open out of the views that it lies in. Call it when a chunk is through: an open line would keep
   * everything that was read with it, and there may be thousands of files with an open line.
   */
  keepOpen(): void {
    for (const group of this.#groups) {
      if (!group?.open) continue
      group.text.keep()
      if (group.offsets.length > 0 && group.offsets.length < FEW_OFFSETS) group.offsets = [...group.offsets]
      group.tags = ownText(group.tags)
      if (group.time !== undefined) group.time = ownText(group.time)
    }
    for (const partial of this.#partials) {
      if (!partial) continue
      const fresh = partial.pieces.splice(partial.owned)
      if (partial.owned === 0) partial.pieces = [ownText(fresh.join(''))]
      else if (fresh.length > 0) partial.pieces.push(ownText(fresh.join('')))
      partial.owned = partial.pieces.length
      if (partial.time !== undefined) partial.time = ownText(partial.time)
    }
  }

  /** The time of the lines that come now, in ms. Closes nothing: a reader that was held up is no silent writer. */
  set now(now: number) {
    this.#now = now
  }

  /** Closes the groups that have been silent long enough. Call it only when all that was written has been read. */
  tick(now: number): void {
    this.#now = now
    for (let lane = 0; lane < 3; lane++) {
      const partial = this.#partials[lane]
      if (partial && now - partial.touched >= this.#options.idleMs) this.#finishPartial(lane as 0 | 1 | 2)
      const group = this.#groups[lane]
      if (group?.open && now - group.touched >= this.#options.idleMs) this.#close(group)
    }
  }

  /** Closes everything: no more lines will come. */
  flush(): void {
    for (let lane = 0; lane < 3; lane++) {
      if (this.#partials[lane]) this.#finishPartial(lane as 0 | 1 | 2)
      const group = this.#groups[lane]
      if (group?.open) this.#close(group)
    }
  }

  /**
   * Hands on what is open as if it were over its limit: marked as cut and counted. Of an unfinished line what still comes
   * is left out; lines that come behind a group begin another. For when all files together hold more than there is room for.
   */
  cutOpen(): void {
    for (let lane = 0; lane < 3; lane++) {
      const partial = this.#partials[lane]
      if (partial) {
        partial.cut = true
        this.#finishPartial(lane as 0 | 1 | 2)
        this.#cutLines[lane] = { from: partial.from, touched: partial.touched }
      }
      const group = this.#groups[lane]
      if (!group?.open) continue
      if (group.alarmed && !group.cut) this.entriesCut++
      group.cut = true
      this.#close(group)
    }
  }

  line(line: GroupLine): void {
    if (this.#cutLines[line.lane] !== undefined && this.#isOfCutLine(line)) return
    if (line.partial || this.#partials[line.lane]) this.#part(line)
    else this.#whole(line)
  }

  /** Leaves out what still comes of a line that was handed on. After a silence its end never came. */
  #isOfCutLine(line: GroupLine): boolean {
    const cut = this.#cutLines[line.lane] as CutLine
    const isOver = this.#now - cut.touched >= this.#options.idleMs
    this.#cutLines[line.lane] = isOver || !line.partial ? undefined : { from: cut.from, touched: this.#now }
    if (isOver) return false
    this.linesJoined++
    this.bytesCut += line.end - line.start
    return true
  }

  #part(line: GroupLine): void {
    let partial = this.#partials[line.lane]
    if (!partial) {
      partial = new Partial()
      partial.from = line.from
      partial.time = line.timeEnd > line.timeStart ? line.view.slice(line.timeStart, line.timeEnd) : undefined
      partial.decoded = line.decoded
      this.#partials[line.lane] = partial
    } else this.linesJoined++
    const room = Math.max(0, this.#options.maxEntryBytes - partial.bytes)
    const length = line.end - line.start
    const piece = line.view.slice(line.start, length > room ? cutAt(line, line.start, room) : line.end)
    // A runtime may have changed between two pieces; both sides become text then.
    if (partial.decoded !== line.decoded) {
      partial.pieces = [partial.decoded ? partial.pieces.join('') : decode(partial.pieces.join(''))]
      partial.pieces.push(line.decoded ? piece : decode(piece))
      partial.owned = 0
      partial.decoded = true
    } else partial.pieces.push(piece)
    partial.bytes += piece.length
    partial.cut ||= line.cut || piece.length < length
    if (piece.length < length) this.bytesCut += length - piece.length
    // An alarm may be cut in two by the runtime, so a line in pieces always counts as alarmed.
    partial.alarmed = true
    partial.touched = this.#now
    if (!line.partial) this.#finishPartial(line.lane, line.to)
    else this.#lastTo[line.lane] = line.to
  }

  /** File offset just after the last piece of each lane's unfinished line. */
  readonly #lastTo = [0, 0, 0]

  #finishPartial(lane: 0 | 1 | 2, to = this.#lastTo[lane] ?? 0): void {
    const partial = this.#partials[lane]
    this.#partials[lane] = undefined
    if (!partial) return
    const body = partial.pieces.join('')
    const time = partial.time ?? ''
    const view = body + time
    this.#whole({
      view,
      start: 0,
      end: body.length,
      decoded: partial.decoded,
      ascii: false,
      from: partial.from,
      to,
      lane,
      partial: false,
      cut: partial.cut,
      alarmed: partial.alarmed,
      timeStart: body.length,
      timeEnd: view.length,
    })
  }

  #whole(line: GroupLine): void {
    const group = (this.#groups[line.lane] ??= new Group())
    const carrier =
      group.open && group.carrier !== undefined ? carrierOf(line.view, line.start, group.carrier === '') : undefined
    if (carrier === undefined || carrier.at > line.end) this.#plain(group, line)
    else if (carrier.name !== group.carrier) {
      this.#close(group)
      this.#plain(group, line)
    } else {
      this.#plain(group, behind(line, carrier.at))
      // A record that this line began is carried as the one before it was.
      if (group.open) group.carrier = carrier.name
    }
  }

  /** A line that nothing stands before. */
  #plain(group: Group, line: GroupLine): void {
    const { view, start, end } = line
    const first = end > start ? view.charCodeAt(start) : 0
    // Blank and indented lines are no heads: the commonest continuation is decided without a regex.
    const indented = first === SPACE || first === TAB || first === 0

    // Log4j's JsonLayout with `complete="true"` writes a list: each element but the first begins behind a comma.
    if (first === COMMA && view.startsWith(', {', start)) {
      this.#plain(group, behind(line, start + 2))
      return
    }
    if (group.open && group.expectsSecond) {
      group.expectsSecond = false
      this.#join(group, line, start)
    } else if (group.open && group.until !== '' && (indented || this.#isInside(group, line))) {
      this.#join(group, line, start)
      if ((!indented || group.until !== '}') && isLine(line, group.until)) this.#close(group)
    } else if (first === OPEN_BRACE && isJsonLine(view, start, end) && !this.#quotes(group, line)) {
      this.#standAlone(group, line, start)
    } else if (this.#beginsLong(line) && !(first === OPEN_BRACE && this.#quotes(group, line))) {
      if (group.open) this.#close(group)
      this.#begin(group, line, start, 'unknown')
      group.headed = false
      group.until = endOf(view, start, end)
    } else if (!indented && this.#heads.begins(view, start, end)) {
      this.#head(group, line)
    } else if (group.open && (group.headed || group.printer) && this.#continuesRecord(group, line, indented)) {
      this.#join(group, line, start)
      group.indented = indented
    } else if (!(group.open && !group.headed && this.#continuesOutside(group, line, indented))) {
      if (group.open) this.#close(group)
      // A blank line outside any record says nothing and begins nothing.
      if (first === 0) this.linesCalm++
      else this.#beginOutside(group, line, start)
    }
  }

  /** Whether the line begins a record of many lines that has an end: JSON, or XML, which may be indented. */
  #beginsLong({ view, start, end }: GroupLine): boolean {
    const first = end > start ? view.charCodeAt(start) : 0
    if (first === SPACE ? view.charCodeAt(start + 2) !== OPEN_ANGLE : first !== OPEN_BRACE && first !== OPEN_ANGLE)
      return false
    return endOf(view, start, end) !== ''
  }

  /** Whether JSON stands in the message of a text record: the line before announces it, and it says no level itself. */
  #quotes(group: Group, line: GroupLine): boolean {
    if (!group.open || group.until !== '' || !(group.headed || group.follower)) return false
    return announces(group.text.lastLine) && !saysLevel(line)
  }

  /** Whether an unindented line stands in a record that has an end: JSON has no such lines, XML has, but not for ever. */
  #isInside(group: Group, line: GroupLine): boolean {
    return isLine(line, group.until) || (group.until !== '}' && group.lines < MAX_XML_LINES)
  }

  /** A line with a head: a record begins, unless only a stamp stands before a line that goes on with the last one. */
  #head(group: Group, line: GroupLine): void {
    const { view, start, end } = line
    const verdict = this.#heads.verdict(view, start, end)
    if (verdict !== 'calm' && group.open && group.headed && this.#repeatsHead(group, line)) return
    // Kubernetes and syslog put a time before every line, those of a traceback too.
    const carrier = verdict === 'unknown' ? carrierOf(view, start, true) : undefined
    if (carrier !== undefined && this.#isCarried(group, line, carrier)) return
    let stamped = start
    if (carrier !== undefined && carrier.name !== '') stamped = carrier.at
    else if (verdict === 'unknown') stamped += this.#heads.stampLength(view, start, end)
    if (stamped > start) {
      if (view.charCodeAt(stamped) === OPEN_BRACE && isJsonLine(view, stamped, end)) {
        this.#standAlone(group, line, stamped)
        return
      }
      if (group.open && group.headed && this.#continuesStamped(group, line, stamped)) return
    }
    if (group.open) this.#close(group)
    this.#begin(group, line, start, verdict)
    if (stamped > start) this.#startFollowing(group, view.slice(stamped, end), true)
    if (verdict === 'unknown') group.expectsSecond = this.#heads.expectsSecond(view.slice(start, end))
  }

  /** Begins the record whose own head stands behind what carried its line; false when there is no such head. */
  #isCarried(group: Group, line: GroupLine, carrier: Carrier): boolean {
    const inner = behind(line, carrier.at)
    const begins = this.#heads.saysTime(line.view, carrier.at, line.end)
    if (!begins && !(this.#beginsLong(inner) && !this.#quotes(group, inner)))
      return carrier.printer !== '' && this.#isPrinted(group, line, inner, carrier.printer)
    if (group.open) this.#close(group)
    this.#plain(group, inner)
    group.carrier = carrier.name
    return true
  }

  /**
   * Whether a line under the very head of the open record, time and all, goes on with its traceback: oslo.log puts the head
   * before every line. Only Python's header begins one so; a second error in the same millisecond does not.
   */
  #repeatsHead(group: Group, line: GroupLine): boolean {
    const { view, start, end } = line
    if (!group.text.beginsAs(view, start, MIN_REPEATED)) return false
    const head = group.text.firstLine
    if (head.length < MIN_REPEATED) return false
    let same = MIN_REPEATED
    while (same < head.length && view.charCodeAt(start + same) === head.charCodeAt(same)) same++
    const behindHead = start + head.lastIndexOf(' ', same - 1) + 1
    const at = behindHead + tagsAt(view, behindHead, end).length
    if (at <= start + MIN_REPEATED || !(group.follower || PYTHON_HEADER.test(view.slice(at, at + 40)))) return false
    return this.#continuesStamped(group, line, at)
  }

  /** A line without any head, which a program printed: it goes on with what that program printed before, or not. */
  #isPrinted(group: Group, line: GroupLine, inner: GroupLine, printer: string): boolean {
    const { view, start, end } = inner
    if (end > start && this.#heads.begins(view, start, end)) return false
    const code = end > start ? view.charCodeAt(start) : SPACE
    if (code === OPEN_BRACE && isJsonLine(view, start, end)) return false
    if (group.open) group.printer ??= carrierOf(group.text.firstLine, 0, true)?.printer ?? ''
    if (group.open && group.printer === printer) {
      if (
        group.headed
          ? this.#continuesStamped(group, line, start, false)
          : this.#continuesOutside(group, inner, code === SPACE || code === TAB, line)
      )
        return true
    }
    if (group.open) this.#close(group)
    this.#begin(group, line, line.start, 'unknown')
    group.headed = false
    group.printer = printer
    group.tags = tagsAt(view, start, end)
    this.#startFollowing(group, view.slice(start + group.tags.length, end))
    return true
  }

  #standAlone(group: Group, line: GroupLine, start: number): void {
    if (group.open) this.#close(group)
    this.#begin(group, line, start, this.#jsonVerdict(line, start))
    group.headed = false
    this.#close(group)
  }

  /** A JSON line is calm when its first attribute says so, and no other of that name takes it back. */
  #jsonVerdict({ view, end }: GroupLine, start: number): HeadVerdict {
    const { calmJson } = this.#options
    if (!calmJson) return 'unknown'
    calmJson.lastIndex = start
    const match = calmJson.exec(view)
    if (match?.[1] === undefined) return 'unknown'
    const again = view.indexOf(match[1], start + match[0].length)
    return again < 0 || again >= end ? 'calm' : 'unknown'
  }

  /** Joins a line whose stamp says nothing of a new record: it is blank or indented, or goes on with a traceback. */
  #continuesStamped(group: Group, line: GroupLine, start: number, amid = true): boolean {
    const { view, end } = line
    const code = start < end ? view.charCodeAt(start) : SPACE
    const text = view.slice(start, Math.min(end, start + MAX_GRAMMAR_CHARS))
    if (group.follower) {
      if (!group.follower.takes(ownText(text))) return false
    } else if (code !== SPACE && code !== TAB) {
      this.#startFollowing(group, text, amid)
      if (!group.follower) return false
    }
    this.#join(group, line, start)
    return true
  }

  /** Whether a line without a head belongs to the open record: any does that the runtime has not printed by itself. */
  #continuesRecord(group: Group, { view, start, end }: GroupLine, indented: boolean): boolean {
    if (!indented && this.#interrupts(view, start, end)) return false
    // What says no level may be a time before what a program prints: then a traceback in it ends as its grammar says,
    // behind an indented line, since messages may go on below lines that are not.
    if (group.bare === undefined) {
      const head = group.text.firstLine
      const text = this.#heads.behindTime(head)
      group.isWord = text === undefined && this.#heads.isWord(head)
      group.bare = text !== undefined || group.isWord
      if (group.bare && !group.follower) this.#startFollowing(group, text ?? head, !group.isWord)
    }
    if (!group.bare) return true
    const text = view.slice(start, Math.min(end, start + MAX_GRAMMAR_CHARS))
    const wasFollowed = group.followed
    group.followed = group.follower?.takes(ownText(text)) === true && !group.follower.doubtful
    if (group.followed || indented) return true
    if (!group.follower?.traced) this.#startFollowing(group, text, !group.isWord)
    else if (group.indented || (group.isWord && wasFollowed)) return false
    return true
  }

  #interrupts(view: string, start: number, end: number): boolean {
    if (end - start > MAX_GRAMMAR_CHARS) return false
    const text = view.slice(start, end)
    return this.#options.languages.some((language) => language.interrupts(text))
  }

  /** A line outside any record: it may begin a traceback that the runtime prints, or stand alone. */
  #beginOutside(group: Group, line: GroupLine, start: number): void {
    this.#begin(group, line, start, 'unknown')
    group.headed = false
    group.tags = tagsAt(line.view, start, line.end)
    this.#startFollowing(group, line.view.slice(start + group.tags.length, line.end))
    if (group.follower?.complete) this.#close(group)
  }

  /** `amid`: a time or blanks stand before the text, so that languages that may follow any line are not asked. */
  #startFollowing(group: Group, text: string, amid = false): void {
    // A follower remembers lines, and may stay open for long.
    const followers = this.#followers(ownText(text), amid)
    group.follower = followers && new Followers(followers)
  }

  /** Of several languages that know the line all, unless some are certain: Go's `SIGSEGV: …` is a header of many. */
  #followers(text: string, amid = false): readonly GroupFollower[] | undefined {
    if (text.length > MAX_GRAMMAR_CHARS) return undefined
    let followers: GroupFollower[] | undefined
    let certain: GroupFollower[] | undefined
    for (const language of this.#options.languages) {
      if (amid && language.followsAnyLine) continue
      const follower = language.follow(text)
      if (!follower) continue
      if (language.interrupts(text)) (certain ??= []).push(follower)
      else (followers ??= []).push(follower)
    }
    return certain ?? followers
  }

  /** Joins the line to a group that has no head, where grammar, tag or indentation allows it. */
  #continuesOutside(group: Group, line: GroupLine, indented: boolean, whole = line): boolean {
    let start = line.start
    // Tagged loggers repeat the tag on the lines of one message, though not on all of them.
    if (group.tags !== '' && line.view.startsWith(group.tags, start)) start += group.tags.length
    const text = line.view.slice(start, Math.min(line.end, start + MAX_GRAMMAR_CHARS))
    if (group.follower?.takes(ownText(text))) {
      if (group.follower.doubtful) return this.#hold(group, whole, start)
      this.#takeHeld(group)
      this.#join(group, line, start)
      if (group.follower.complete) this.#close(group)
      return true
    }
    // A traceback that is itself set in below another line ends as its grammar says, but what it is part of goes on.
    if (group.follower && !(group.setIn && indented && this.#followers(text, true) === undefined)) return false
    if (start > line.start || indented) {
      // The same tag alone does not make one message; what is under it must look like more of it.
      if (start > line.start ? !this.#deserves(group, text) : this.#interrupts(line.view, start, line.end)) return false
      this.#join(group, line, start)
      if (text.trim() !== '') this.#startFollowing(group, text, indented)
      group.setIn = indented
      return true
    }
    // A first line of nothing but tags or blanks (Rails' errors begin so) has its message on the next one.
    if (group.lines === 1 && group.bytes <= group.tags.length + 4 && this.#followers(text)) {
      this.#join(group, line, start)
      this.#startFollowing(group, text)
      return true
    }
    return false
  }

  /** Whether a line under the tag of an open group continues it: indented text, or the start of a traceback. */
  #deserves(group: Group, text: string): boolean {
    // A tag with nothing behind it is how Rails begins an error.
    if (text.trim() === '') return false
    if (text.startsWith(' ') || text.startsWith('\t')) return true
    return group.bytes <= group.tags.length + 4 && this.#followers(text) !== undefined
  }

  #begin(group: Group, line: GroupLine, start: number, verdict: HeadVerdict): void {
    group.open = true
    group.headed = true
    group.alarmed = false
    group.cut = false
    group.expectsSecond = false
    group.follower = undefined
    group.setIn = false
    group.bare = verdict === 'unknown' ? undefined : false
    group.indented = false
    group.isWord = false
    group.followed = false
    group.until = ''
    group.carrier = undefined
    group.printer = undefined
    group.tags = ''
    group.bytes = 0
    group.lines = 0
    group.from = line.from
    group.time = line.timeEnd > line.timeStart ? line.view.slice(line.timeStart, line.timeEnd) : undefined
    const trusted = this.#options.trustHeads ? verdict : 'unknown'
    group.alarmed = trusted === 'alarming' || (trusted === 'calm' ? line.cut : line.alarmed)
    this.#append(group, line, start)
  }

  #join(group: Group, line: GroupLine, start: number): void {
    if (!group.alarmed) group.alarmed = line.alarmed
    this.#append(group, line, start)
  }

  #append(group: Group, line: GroupLine, start: number): void {
    group.to = line.to
    group.touched = this.#now
    group.cut ||= line.cut
    const length = line.end - start
    const room = this.#options.maxEntryBytes - group.bytes
    let { end } = line
    if (length > room) {
      if (!group.cut) this.entriesCut++
      group.cut = true
      end = cutAt(line, start, Math.max(0, room))
      this.bytesCut += line.end - end
    }
    group.lines++
    if (room <= 0 && group.bytes > 0) return
    if (group.lines > 1) group.offsets.push(line.from)
    group.text.add(line, start, end)
    group.bytes += length + 1
  }

  /** Keeps a doubtful line apart; false where that is over, so that the line is on its own. */
  #hold(group: Group, line: GroupLine, start: number): boolean {
    if (this.#givesBack || line.end - line.start > MAX_GRAMMAR_CHARS) return false
    group.held.push({ line: kept(line), start: start - line.start })
    group.touched = this.#now
    return true
  }

  /** The lines that were held belong to the group. */
  #takeHeld(group: Group): void {
    for (const { line, start } of group.held.splice(0)) this.#join(group, line, start)
  }

  /** Ends the group. Lines that were held are lines like any others again. */
  #close(group: Group): void {
    while (group.open) {
      const held = group.held.splice(0)
      this.#end(group)
      const before = this.#givesBack
      this.#givesBack = true
      for (const { line } of held) this.#whole(line)
      this.#givesBack = before
    }
  }

  /** Lines that were held are looked at again, and held no more. */
  #givesBack = false

  #end(group: Group): void {
    group.open = false
    const { offsets } = group
    let calm = false
    if (!group.alarmed) {
      const { sampleEvery } = this.#options
      if (sampleEvery === 0 || ++this.#calm % sampleEvery !== 0) {
        this.linesCalm += group.lines
        group.text.clear()
        if (offsets.length > 0) group.offsets = []
        return
      }
      calm = true
    }
    const text = group.text.take()
    const stream = STREAMS[this.#groups.indexOf(group)]
    const time = group.time === undefined ? Number.NaN : Date.parse(group.time)
    const entry: Entry = {
      text,
      from: group.from,
      to: group.to,
      lineOffsets: [group.from, ...offsets],
      lines: group.lines,
      ...(stream && { stream }),
      ...(Number.isNaN(time) ? {} : { time }),
      ...(group.cut && { cut: true }),
    }
    if (offsets.length > 0) group.offsets = []
    this.#sink(entry, calm)
  }
}

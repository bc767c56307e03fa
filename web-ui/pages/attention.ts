import type {
  ArchiveState,
  DestinationAnswer,
  LinkReport,
  Notice,
  Readiness,
  RefusedCaller,
  RuleAnswer,
} from '../api/api.ts'
import { hrefTo } from '../elements/place.ts'
import { count, duration, list, sentence } from '../elements/words.ts'

/** One thing that needs a person: what it is, and where to go on. */
export interface Matter {
  /** Nothing goes on without a person; else it may wait for the morning. */
  urgent: boolean
  sentence: string
  href: string
  go: string
}

/** What is known so far; what could not be asked is left out, and is told of elsewhere. */
export interface Known {
  readiness?: Readiness | undefined
  archive?: ArchiveState | undefined
  destinations?: readonly DestinationAnswer[] | undefined
  rules?: readonly RuleAnswer[] | undefined
  refusedCallers?: readonly RefusedCaller[] | undefined
  link?: LinkReport | undefined
  notices?: readonly Notice[] | undefined
}

/** Everything that needs a person, the urgent first; `now` is the box's present, ms. */
export function mattersOf(known: Known, now: number): Matter[] {
  const matters = [
    ...receiving(known),
    ...ofDestinations(known.destinations ?? []),
    ...ofRules(known),
    ...ofClock(known.link),
    ...ofCallers(known.refusedCallers ?? [], now),
    ...ofNotices(known.notices ?? []),
  ]
  return [...matters.filter(each => each.urgent), ...matters.filter(each => !each.urgent)]
}

function* receiving({ readiness, archive }: Known): Generator<Matter> {
  if (readiness && !readiness.ready) {
    yield {
      urgent: true,
      sentence: `This box takes no images now. ${readiness.obstacles.join(' ')} Scanners keep what they have and can send it again later.`,
      href: hrefTo(['connections']),
      go: 'See who tries to send',
    }
  }
  if (archive && archive.damaged > 0) {
    yield {
      urgent: true,
      sentence: `${count(archive.damaged, 'image')} kept here ${archive.damaged === 1 ? 'is' : 'are'} damaged on the disk. Send them again from where they came, and they are mended; have the disk looked at.`,
      href: '../api/damaged',
      go: 'See which',
    }
  }
  if (archive && archive.quarantined > 0) {
    yield {
      urgent: false,
      sentence: `${count(archive.quarantined, 'image')} came under the identifier of another image and ${archive.quarantined === 1 ? 'was' : 'were'} set aside.`,
      href: '../api/quarantine',
      go: 'See which',
    }
  }
}

/** A line that fails for minutes mends itself, and needs nobody; seconds. */
const bornePatiently = 600

function* ofDestinations(destinations: readonly DestinationAnswer[]): Generator<Matter> {
  for (const each of destinations) {
    const { name, state, failures = 0, why, oldestSeconds = 0 } = each
    const parked = (each.counts?.parked ?? 0) - (each.held ?? 0)
    const there = hrefTo(['destinations'], { name })
    if (state === 'misconfigured' || each.problems?.length) {
      const what = each.problems?.map(({ message }) => message).join('; ') ?? why?.detail ?? ''
      yield {
        urgent: true,
        sentence: `Nothing can be sent to ${name} as it is set up. ${sentence(what)}`,
        href: there,
        go: 'Mend its settings',
      }
    } else if (failures > 2 && (oldestSeconds === 0 || oldestSeconds >= bornePatiently)) {
      yield {
        urgent: false,
        sentence: `${name} has not taken anything ${oldestSeconds > 0 ? `for ${duration(oldestSeconds)}` : 'lately'}. ${sentence(why?.detail ?? 'it does not answer')} It is tried again by itself, without end.`,
        href: there,
        go: 'See how it stands',
      }
    }
    if (parked > 0) {
      yield {
        urgent: true,
        sentence: `${name} would not take ${count(parked, 'image')}; ${parked === 1 ? 'it waits' : 'they wait'} for you to decide.`,
        href: hrefTo(['deliveries'], { destination: name, state: 'parked' }),
        go: 'See why, and send or withdraw',
      }
    }
    if (each.held) {
      yield {
        urgent: true,
        sentence: `${count(each.held, 'image')} for ${name} ${each.held === 1 ? 'is' : 'are'} held for review.`,
        href: hrefTo(['review'], { destination: name }),
        go: 'Release or reject',
      }
    }
    if (state === 'paused') {
      yield {
        urgent: false,
        sentence: `${name} is paused; what is owed to it waits until someone resumes it.`,
        href: there,
        go: 'Resume it',
      }
    }
    if (each.paused) {
      yield {
        urgent: false,
        sentence: `${count(each.paused, 'image')} for ${name} ${each.paused === 1 ? 'is' : 'are'} paused by hand.`,
        href: hrefTo(['deliveries'], { destination: name, state: 'owed' }),
        go: 'Resume',
      }
    }
    for (const { file, days } of each.certificatesEnding ?? []) {
      yield {
        urgent: days < 7,
        sentence: `The certificate ${file} of ${name} ${days < 0 ? 'has ended' : `ends in ${count(days, 'day')}`}. Put the new one in its place; it is read anew by itself.`,
        href: there,
        go: 'See the destination',
      }
    }
  }
}

function* ofRules({ rules, destinations }: Known): Generator<Matter> {
  const broken = rules?.filter(each => each.problems?.length) ?? []
  if (broken.length > 0) {
    yield {
      urgent: true,
      sentence: `${broken.length === 1 ? 'The rule' : 'The rules'} ${list(broken.map(each => each.name))} cannot be followed as ${broken.length === 1 ? 'it is' : 'they are'}.`,
      href: hrefTo(['rules']),
      go: 'Mend',
    }
  }
  if (rules?.length === 0 && destinations && destinations.length > 0) {
    yield {
      urgent: false,
      sentence: 'There are destinations but no rule, so nothing is sent anywhere.',
      href: hrefTo(['rules', 'new']),
      go: 'Make a rule',
    }
  }
}

function* ofClock(link: LinkReport | undefined): Generator<Matter> {
  if (!link || link.clock.trusted) return
  yield {
    urgent: false,
    sentence: `The clock of this box is not believed. ${sentence(link.clock.detail ?? 'it may be wrong')} Nothing is lost; time windows do not count until it is right.`,
    href: hrefTo(['link']),
    go: 'What it means',
  }
}

/** Who was turned away longer ago, ms, was mended or does not send: it stays among the connections. */
const callerMatters = 24 * 3_600_000

function* ofCallers(callers: readonly RefusedCaller[], now: number): Generator<Matter> {
  const refused = callers.filter(each => now - Date.parse(each.lastAt) < callerMatters)
  if (refused.length === 0) return
  const [last] = refused
  yield {
    urgent: false,
    sentence: `${refused.length === 1 ? 'A caller was' : `${refused.length} callers were`} turned away, last ${last?.callingAeTitle || 'one without a name'} from ${last?.remoteAddress}.`,
    href: hrefTo(['connections'], { outcome: 'rejected' }),
    go: 'See what to change',
  }
}

function* ofNotices(notices: readonly Notice[]): Generator<Matter> {
  const late = notices.filter(each => each.failures > 2)
  if (late.length === 0) return
  yield {
    urgent: false,
    sentence: `${count(late.length, 'notice')} to other nodes cannot be delivered; each is tried again by itself.`,
    href: '../api/notices',
    go: 'See which',
  }
}

import type { Reactor } from '../../src/agents/server/reactor.ts'
import { applyEvent, type ClusterState, noChanges } from '../../src/domain/cluster/index.ts'
import type { ControlEvent } from '../../src/domain/control/events.ts'
import { type DomainEvent, type DomainEventType, schemaOf } from '../../src/domain/events.ts'
import { CONTROL_STREAM } from '../../src/domain/streams.ts'
import { buildGroup, buildJob, buildUpdate } from './builders.ts'
import { sectionOf } from './documents.ts'
import { createHistory } from './history.ts'
import { readText } from './source-tree.ts'

/** The text of docs/model.md, whose diagrams are compared with the code. */
export const model = readText('docs/model.md')

type Arrow = { readonly from: string; readonly to: string; readonly label: string }

/** The arrows of the state diagram under a heading. */
export const arrowsOf = (heading: string): readonly Arrow[] =>
  Array.from(sectionOf(model, heading).matchAll(/^ {2}(\S+) --> (\w+): (.+)$/gm), match => ({
    from: match[1] ?? '',
    to: match[2] ?? '',
    label: match[3] ?? '',
  }))

const isEvent = (word: string): word is DomainEventType => Object.hasOwn(schemaOf, word)
export const eventsIn = (words: string): readonly DomainEventType[] =>
  words.match(/\b[A-Z][A-Za-z]+\b/g)?.filter(isEvent) ?? []

/** `from --event--> to`: what a diagram and the code are compared by. */
export const step = (from: string, event: string, to: string): string => `${from} --${event}--> ${to}`

/** Each once, in order. */
export const sorted = (steps: Iterable<string>): readonly string[] => Array.from(new Set(steps)).toSorted()

/** The steps that a diagram draws: one per event that stands on an arrow. */
export const stepsOf = (heading: string): readonly string[] =>
  sorted(arrowsOf(heading).flatMap(({ from, to, label }) => eventsIn(label).map(event => step(from, event, to))))

export const statusesIn = (heading: string): readonly string[] =>
  sorted(
    arrowsOf(heading)
      .flatMap(({ from, to }) => [from, to])
      .filter(status => status !== '[*]'),
  )

/** The members of a union, from a record that does not compile with one more or less. */
export const names = <T extends string>(all: Readonly<Record<T, true>>): readonly string[] =>
  Object.keys(all).toSorted()

const log = createHistory()

/** Folds an event into a state as the next one after what it has folded. */
export const fold = (state: ClusterState, stream: string, event: DomainEvent): void =>
  applyEvent(state, { ...log.record(stream, event), revision: 9, position: state.position + 10 }, noChanges())

/** What a reactor decides on a state, folded into it. */
export const react = (reactor: Reactor, state: ClusterState, now: number): readonly DomainEventType[] => {
  const events: ControlEvent[] = []
  const batch = {
    nextEventId: () => `event-${events.length}`,
    add: (event: ControlEvent) => void events.push(event),
    isFull: () => false,
    derive: () => {},
  }
  reactor.plan({ state, changed: 'all', now, epoch: 1, batch })
  for (const event of events) fold(state, CONTROL_STREAM, event)
  return events.map(event => event.type)
}

/** A service job with one group that has an update strategy with auto_revert. */
export const group = buildGroup({ name: 'app', update: buildUpdate({ autoRevert: true }) })
export const spec = buildJob({ id: 'web', groups: [group] })

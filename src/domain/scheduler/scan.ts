import type { AllocationState } from '../cluster/index.ts'
import { type Board, fillCandidate, propertyUses } from './board.ts'
import { type Candidate, type Check, checks, type PlacementRequest, passes, type Refusal } from './feasibility/index.ts'
import type { Prospect } from './ranking/index.ts'

/**
 * One group's questions to the nodes of a board. Answers that a whole class shares are asked once per class; the rest is
 * arithmetic on one reused candidate.
 */
export type Scan = {
  readonly request: PlacementRequest
  /** The first reason against a node, null when it is fit. */
  readonly firstRefusal: (row: number, previous: AllocationState | null) => Refusal | null
  /** Every reason against a node. */
  readonly refusals: (row: number) => readonly Refusal[]
  /** The node as a placement would leave it; the same object every time. */
  readonly prospect: (row: number, previous: AllocationState | null, isPenalised: boolean) => Prospect
  /** The candidate that was looked at last. */
  readonly candidate: Candidate
  /** To be called when rows were placed or counted out: distinct properties are counted anew. */
  readonly recount: () => void
}

const applicable = (request: PlacementRequest, scope: Check['scope']): readonly Check[] =>
  checks.filter(check => check.scope === scope && check.applies(request))

const emptyProspect = (desired: number): Prospect => ({
  freeCpuMhz: 0,
  cpuMhz: 0,
  freeMemoryMb: 0,
  memoryMb: 0,
  sameGroup: 0,
  desired,
  isPenalised: false,
})

const emptyCandidate = (board: Board): Candidate | null => {
  const node = board.snapshot.nodes[0]
  if (node === undefined) return null
  return {
    node,
    freeCpuMhz: 0,
    freeMemoryMb: 0,
    freeDiskMb: 0,
    takenPorts: new Set(),
    inheritsFrom: null,
    ofJob: 0,
    ofGroup: 0,
    propertyUse: () => 0,
  }
}

/** Null where there is no node at all. */
export const createScan = (board: Board, request: PlacementRequest): Scan | null => {
  const candidate = emptyCandidate(board)
  if (candidate === null) return null
  const { snapshot } = board
  const classChecks = applicable(request, 'class')
  const nodeChecks = applicable(request, 'node')
  const verdicts: (readonly Refusal[] | undefined)[] = []
  const prospect = emptyProspect(request.group.count)
  const group = request.group.name
  let uses = propertyUses(board, request)
  candidate.propertyUse = (property, value) => uses[property]?.get(value) ?? 0

  const classVerdict = (row: number): readonly Refusal[] => {
    const index = snapshot.classIndex[row] ?? 0
    const known = verdicts[index]
    if (known !== undefined) return known
    const refused = classChecks.flatMap(check => check.refuse(request, candidate))
    const verdict = refused.length === 0 ? passes : refused
    verdicts[index] = verdict
    return verdict
  }
  return {
    request,
    candidate,
    firstRefusal: (row, previous) => {
      fillCandidate(board, candidate, row, { group, previous })
      const shared = classVerdict(row)
      if (shared.length > 0) return shared[0] ?? null
      for (const check of nodeChecks) {
        const refused = check.refuse(request, candidate)
        if (refused.length > 0) return refused[0] ?? null
      }
      return null
    },
    refusals: row => {
      fillCandidate(board, candidate, row, { group, previous: null })
      const own = nodeChecks.map(check => check.refuse(request, candidate)).filter(refused => refused.length > 0)
      const shared = classVerdict(row)
      if (shared.length === 0 && own.length === 1) return own[0] ?? passes
      return [...shared, ...own.flat()]
    },
    prospect: (row, previous, isPenalised) => {
      fillCandidate(board, candidate, row, { group, previous })
      prospect.freeCpuMhz = candidate.freeCpuMhz - request.demand.cpuMhz
      prospect.cpuMhz = snapshot.cpuMhz[row] ?? 0
      prospect.freeMemoryMb = candidate.freeMemoryMb - request.demand.memoryMb
      prospect.memoryMb = snapshot.memoryMb[row] ?? 0
      prospect.sameGroup = candidate.ofGroup
      prospect.isPenalised = isPenalised
      return prospect
    },
    recount: () => {
      uses = propertyUses(board, request)
    },
  }
}

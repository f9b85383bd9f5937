import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { uuidOf } from '../domain/ids.ts'
import type { Sealed } from '../domain/jobspec/schema.ts'
import { MAX_INLINE_SEALED_BYTES } from '../domain/limits.ts'
import { sourceStream } from '../domain/streams.ts'
import type { EventStore, Json } from '../eventstore/port.ts'
import { assert } from '../platform/assert.ts'
import { AppError } from '../platform/errors.ts'
import type { Sealer } from '../platform/sealing.ts'

/**
 * Submitted texts and every value too large to stand in an event: compressed, sealed, in chunks, in a stream of their own
 * that is named by their keyed digest and written before the event that names it (design §3). The same text is stored once.
 */
export type SourceStore = {
  /** Answers the stream that holds the text. */
  readonly put: (namespace: string, text: string, at: number) => Promise<string>
  /** The text; null when its key was erased. Throws STORE_CORRUPT when chunks are missing. */
  readonly get: (namespace: string, stream: string) => Promise<string | null>
}

export const SOURCE_EVENT = 'SourceStored'
const SOURCE_SCHEMA = 1
/** Characters of one chunk: well below what one append may hold. */
const CHUNK_LENGTH = 500_000

/** `sealing` tells the chunks of one sealing from those of another: two do not fit together, though they seal the same text. */
type Chunk = { readonly sealing?: string; readonly index: number; readonly count: number; readonly text: string }

const isChunk = (data: Json): data is Json & Chunk =>
  typeof data === 'object' && data !== null && 'index' in data && 'count' in data && 'text' in data

const chunksOf = (stream: string, text: string): readonly Chunk[] => {
  const count = Math.max(1, Math.ceil(text.length / CHUNK_LENGTH))
  const sealing = uuidOf('sealing', stream, text)
  return Array.from({ length: count }, (_, index) => ({
    sealing,
    index,
    count,
    text: text.slice(index * CHUNK_LENGTH, (index + 1) * CHUNK_LENGTH),
  }))
}

/** The sealed text of the first sealing that is whole; undefined if none is: who wrote it was cut off, or still writes. */
const wholeOf = (chunks: readonly Chunk[]): string | undefined => {
  const sealings = new Map<string, Map<number, string>>()
  for (const { sealing = '', index, count, text } of chunks) {
    const texts = sealings.get(sealing) ?? new Map<number, string>()
    sealings.set(sealing, texts.set(index, text))
    if (texts.size === count) return Array.from({ length: count }, (_, at) => texts.get(at)).join('')
  }
  return undefined
}

export const createSourceStore = (store: EventStore, sealer: Sealer): SourceStore => {
  const read = async (stream: string): Promise<readonly Chunk[]> => {
    const chunks: Chunk[] = []
    for await (const event of store.read(stream)) if (isChunk(event.data)) chunks.push(event.data)
    return chunks
  }

  const put: SourceStore['put'] = async (namespace, text, at) => {
    const stream = sourceStream(sealer.digest(namespace, text))
    const packed = deflateRawSync(Buffer.from(text, 'utf8')).toString('base64')
    const append = (chunk: Chunk, expected: 'no-stream' | 'any') => {
      const id = uuidOf('source', stream, chunk.sealing ?? '', chunk.index)
      const metadata = { $correlationId: id, $causationId: id, schema: SOURCE_SCHEMA, actor: 'server', at }
      return store.append(stream, expected, [{ id, type: SOURCE_EVENT, data: { ...chunk }, metadata }])
    }
    const [first, ...rest] = chunksOf(stream, sealer.seal(namespace, packed).sealed)
    assert(first !== undefined, 'a text has a chunk')
    if ((await append(first, 'no-stream')).kind === 'conflict') {
      // The same text stands there already, sealed another time, unless its writer was cut off.
      if (wholeOf(await read(stream)) !== undefined) return stream
      await append(first, 'any')
    }
    for (const chunk of rest) await append(chunk, 'any')
    return stream
  }

  const get: SourceStore['get'] = async (namespace, stream) => {
    const chunks = await read(stream)
    const whole = wholeOf(chunks)
    if (whole === undefined) {
      throw new AppError('STORE_CORRUPT', `the stream ${stream} holds ${chunks.length} chunks, and not all of one text`)
    }
    const packed = sealer.open(namespace, whole)
    return packed === null ? null : inflateRawSync(Buffer.from(packed, 'base64')).toString('utf8')
  }

  return { put, get }
}

/** Opens a sealed value wherever it stands; null when its key was erased. */
export const createOpener = (sources: SourceStore, sealer: Sealer) => {
  return async (namespace: string, sealed: Sealed): Promise<string | null> =>
    'source' in sealed ? sources.get(namespace, sealed.source) : sealer.open(namespace, sealed.sealed)
}

export type SealedBatch = {
  readonly seal: (clear: string) => Sealed
  /** Writes the streams that sealed values refer to; before the event that holds them. */
  readonly flush: () => Promise<void>
}

/** Seals values of one command: small ones in place, large ones by reference to a stream that `flush` writes. */
export const sealValues = (sources: SourceStore, sealer: Sealer, namespace: string, at: number): SealedBatch => {
  const large = new Map<string, string>()
  return {
    seal: clear => {
      if (Buffer.byteLength(clear) <= MAX_INLINE_SEALED_BYTES) return sealer.seal(namespace, clear)
      const digest = sealer.digest(namespace, clear)
      large.set(digest, clear)
      return { source: sourceStream(digest), digest }
    },
    flush: async () => {
      for (const text of large.values()) await sources.put(namespace, text, at)
    },
  }
}

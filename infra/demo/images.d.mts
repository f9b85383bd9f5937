/** A Docker engine that answers; made by findEngine. */
export type Engine = {
  readonly name: string
  readonly options: { readonly socketPath: string } | { readonly host: string; readonly port: number }
  readonly version: string
  readonly apiVersion: string
  readonly idleTimeoutMs: number
}

/** A file of an image: `path` is absolute and inside the image. */
export type ImageFile =
  | { readonly path: string; readonly from: string; readonly mode?: number }
  | { readonly path: string; readonly content: string | Uint8Array; readonly mode?: number }
  | { readonly path: string; readonly linkTo: string }
  | { readonly path: string; readonly isDirectory: true; readonly mode?: number }

export type Image = { readonly tag: string; readonly id: string }
export type BuildResult = Image & { readonly kind: 'made' | 'exists' }

export const BASE_FILES: readonly ImageFile[]
export function findEngine(
  env?: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly kind: 'found'; readonly engine: Engine } | { readonly kind: 'none'; readonly reason: string }>
export function findProgram(
  name: string,
  env?: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined>
export function filesOfProgram(path: string): Promise<ImageFile[]>
export function filesOfFolder(folder: string, at: string): Promise<ImageFile[]>
export function busyboxFiles(): Promise<ImageFile[] | undefined>
export function findImage(engine: Engine, tag: string): Promise<string | undefined>
export function buildImage(image: {
  readonly engine: Engine
  readonly tag: string
  readonly files: readonly ImageFile[]
  readonly entrypoint?: readonly string[]
  readonly cmd?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly workDir?: string
}): Promise<BuildResult>
export function deriveImage(image: {
  readonly engine: Engine
  readonly tag: string
  readonly from: string
  readonly entrypoint: readonly string[]
  readonly cmd?: readonly string[]
}): Promise<BuildResult>
export function removeImages(these: { readonly engine: Engine; readonly images: readonly Image[] }): Promise<string[]>
export function removeContainersOf(these: {
  readonly engine: Engine
  readonly images: readonly Image[]
}): Promise<number>
export function listContainersOf(these: {
  readonly engine: Engine
  readonly images: readonly Image[]
}): Promise<{ readonly id: string; readonly name: string; readonly isRunning: boolean }[]>
export function buildTutorialImages(these: {
  readonly engine: Engine
  readonly tags: Readonly<Record<'redis' | 'web' | 'setup' | 'employee', string>>
  readonly programsDir: string
  readonly onImage?: (result: BuildResult) => void
}): Promise<{ readonly redisKind: 'redis-server' | 'stand-in'; readonly results: BuildResult[] }>

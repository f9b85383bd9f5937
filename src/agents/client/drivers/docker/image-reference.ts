/**
 * The name of an image as Docker reads it: `[registry/]path[:tag][@digest]`.
 */
export type ImageReference = {
  /** As it was written, with `:latest` where it names neither tag nor digest. */
  readonly full: string
  /** Without tag and digest. */
  readonly repository: string
  /** The tag, or the digest where there is one. */
  readonly version: string
  /** `docker.io` where the name says none. */
  readonly registry: string
  /** Its meaning may change at any time: untagged or `latest`. Such an image is pulled before every start. */
  readonly isMoving: boolean
}

export const DEFAULT_REGISTRY = 'docker.io'
const MAX_REFERENCE_LENGTH = 1_024

const referencePattern =
  /^(?<repository>[a-zA-Z0-9][a-zA-Z0-9._:/-]*?)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?<digest>[a-z0-9+._-]+:[0-9a-f]{32,}))?$/

/** Reads the name of an image, undefined where Docker would not take it for one. */
export const parseImageReference = (text: string): ImageReference | undefined => {
  const name = text.startsWith('https://') ? text.slice('https://'.length) : text
  if (name.length > MAX_REFERENCE_LENGTH) return undefined
  const groups = referencePattern.exec(name)?.groups
  const repository = groups?.['repository']
  if (repository === undefined || repository.endsWith('/') || repository.includes('//')) return undefined
  const { tag, digest } = groups ?? {}
  const first = repository.split('/')[0] ?? ''
  const isRegistry = repository.includes('/') && (/[.:]/.test(first) || first === 'localhost')
  // A colon outside the registry's port cannot be part of a path.
  if (repository.slice(isRegistry ? first.length : 0).includes(':')) return undefined
  return {
    full: tag === undefined && digest === undefined ? `${name}:latest` : name,
    repository,
    version: digest ?? tag ?? 'latest',
    registry: isRegistry ? first : DEFAULT_REGISTRY,
    isMoving: digest === undefined && (tag === undefined || tag === 'latest'),
  }
}

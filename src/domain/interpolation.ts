/**
 * `${…}` in texts of a job, filled in where the allocation is known: by its node's agent for what a task sees, by the fold for
 * the services that it offers.
 */

/** The value of a key such as `NOMAD_PORT_http`, `node.datacenter`, `attr.kernel.name`; undefined where nobody knows it. */
export type Lookup = (key: string) => string | undefined

const reference = /\$\{\s*(?:([A-Za-z0-9_.-]+)|env\["([^"\]]+)"\])\s*\}/g

/** Replaces `${key}` and `${env["KEY"]}`. An unknown key leaves its text as it stands. What is put in is not read again. */
export const interpolate = (text: string, lookup: Lookup): string =>
  text.includes('${')
    ? text.replace(reference, (whole, key: string | undefined, variable: string | undefined) => {
        const name = key ?? variable
        return name === undefined ? whole : (lookup(name) ?? whole)
      })
    : text

export type NodeValues = {
  readonly nodeId: string
  readonly name: string
  readonly datacenter: string
  readonly region: string
  readonly nodeClass: string
  readonly nodePool: string
  readonly attributes: Readonly<Record<string, string>>
  readonly meta: Readonly<Record<string, string>>
}

const ofPrefix = (key: string, prefix: string, values: Readonly<Record<string, string>>): string | undefined => {
  if (!key.startsWith(prefix)) return undefined
  const name = key.slice(prefix.length)
  return Object.hasOwn(values, name) ? values[name] : undefined
}

/** Looks a key up in the task's environment first, then in what is known of the node. */
export const createLookup = (env: Readonly<Record<string, string>>, node: NodeValues): Lookup => {
  const fixed: Readonly<Record<string, string>> = {
    'node.unique.id': node.nodeId,
    'node.unique.name': node.name,
    'node.datacenter': node.datacenter,
    'node.region': node.region,
    'node.class': node.nodeClass,
    'node.pool': node.nodePool,
  }
  return key => {
    if (Object.hasOwn(env, key)) return env[key]
    if (Object.hasOwn(fixed, key)) return fixed[key]
    return ofPrefix(key, 'attr.', node.attributes) ?? ofPrefix(key, 'meta.', node.meta)
  }
}

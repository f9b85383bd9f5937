/** Nomad's own name for what differs from node to node without saying so. */
const ADVERTISED = 'nomad.advertise.address'

/** Whether an attribute or meta tells one node from others that are alike: then it is no part of their class. */
export const isUnique = (key: string): boolean => key.startsWith('unique.') || key === ADVERTISED

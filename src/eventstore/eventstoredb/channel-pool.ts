/**
 * Channels for subscriptions. A server carries a hundred calls on one connection and lets all others wait, for ever if those
 * are subscriptions: so each channel takes some of them, and appends and reads have one of their own.
 */
import type { Connection } from './connection.ts'

/** Subscriptions that share a channel; a call that is ending and the next may overlap, so this stays well below a hundred. */
export const MAX_SUBSCRIPTIONS_PER_CHANNEL = 64

export type ChannelPool = {
  /** A channel with room for one more subscription, until `release`. */
  readonly take: () => { readonly connection: Connection; readonly release: () => void }
  readonly close: () => void
}

export const createChannelPool = (create: () => Connection): ChannelPool => {
  const channels = new Set<{ readonly connection: Connection; users: number }>()
  return {
    take: () => {
      const free = Array.from(channels).find(channel => channel.users < MAX_SUBSCRIPTIONS_PER_CHANNEL)
      const channel = free ?? { connection: create(), users: 0 }
      channels.add(channel)
      channel.users += 1
      return {
        connection: channel.connection,
        release: () => {
          channel.users -= 1
          if (channel.users > 0) return
          channels.delete(channel)
          channel.connection.close()
        },
      }
    },
    close: () => {
      for (const channel of channels) channel.connection.close()
    },
  }
}

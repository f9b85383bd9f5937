/** Bounds of what one request or subscriber may ask for (I11). Each has a test. */

/** Fields inside each other, connections and edges included. */
export const MAX_DEPTH = 12
export const MAX_ALIASES = 50
export const MAX_ROOT_FIELDS = 50
/** Objects that a document may ask for: list sizes multiplied along every path. */
export const MAX_COST = 10_000
/** Of those, what one submitted job file counts as: with its variables it may be as large as a body. */
export const COST_OF_SOURCE = 1_000
export const MAX_TOKENS = 5_000
/** Characters of a document; texts of jobs come as variables. */
export const MAX_DOCUMENT_LENGTH = 100_000
/** A job's source with its variable files, as JSON. */
export const MAX_BODY_BYTES = 4_000_000
/** What a list without `first` is taken to hold. */
export const ASSUMED_LIST_SIZE = 3
export const MAX_SUBSCRIPTIONS_PER_SOCKET = 100
export const MAX_SUBSCRIPTION_SOCKETS = 1_000
export const MAX_SUBSCRIPTION_MESSAGE_BYTES = 200_000
/** Changes or events in one frame of a subscription, except that the changes of one position are never parted. */
export const MAX_FRAME_CHANGES = 256
/** What waits in memory for one subscriber. */
export const MAX_WAITING_CHANGES = 10_000
export const MAX_WAITING_BYTES = 4_000_000
/** A subscriber that takes nothing for so long while so much waits is ended. */
export const MAX_STALL_MS = 10_000
/** Changes that come within so long of each other share a frame. */
export const COALESCE_MS = 20
/** How long a query waits for the position that `after` names. */
export const VIEW_WAIT_MS = 5_000
/** Between the opening of a subscription socket and its first message. */
export const CONNECTION_INIT_MS = 5_000
/** Log, file and event streams open at once. */
export const MAX_OPEN_STREAMS = 500
/** Exports of the log under way at once: each reads all of it. */
export const MAX_OPEN_EXPORTS = 4
/** How long whoever exports the log may take nothing, ms. */
export const EXPORT_STALL_MS = 60_000
/** How long a node may take to say what it or its tasks use. */
export const USAGE_TIMEOUT_MS = 1_000
/** Nodes, and allocations, that are being asked for it at once. */
export const MAX_USAGE_ASKED = 200
/** Entries of a page when `first` is not given, and at most. */
export const DEFAULT_PAGE_SIZE = 100
export const MAX_PAGE_SIZE = 1_000
/** When a request that met 503 may be made again, s. */
export const RETRY_AFTER_S = 2

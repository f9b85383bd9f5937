# A server: keeps the log and decides. One of them is a cluster's; clients dial its API.

data_dir = "/var/lib/muster-server"

# Nothing controls yet who may use the API: keep others off the port by other means.
bind_addr = "0.0.0.0"

# The name that clients and people know this server by, if it is not the address that it listens on.
# advertise {
#   http = "muster.example:4646"
# }

server {
  enabled = true

  # A node that was silent for its TTL and this long is down.
  heartbeat_grace = "10s"
}

# Without this block the log is a file in data_dir. For a log on EventStoreDB:
# eventstore {
#   kind             = "eventstoredb"
#   url              = "esdb+discover://eventstore.example:2113"
#   credentials_file = "/etc/muster/eventstore-credentials"
#   ca_file          = "/etc/muster/eventstore-ca.pem"
# }

# A client: runs tasks on this machine, and dials a server for as long as it lives.

data_dir = "/var/lib/muster-client"

client {
  enabled = true
  servers = ["muster.example:4646"]

  meta {
    rack = "r1"
  }

  # What is left to everything else on this machine.
  reserved {
    cpu            = 500
    memory         = 512
    disk           = 1024
    reserved_ports = "22"
  }
}

# Plain processes are not isolated from the machine: only what is trusted should run here.
plugin "raw_exec" {
  config {
    enabled = false
  }
}

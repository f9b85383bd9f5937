# The company's web page on port 5000. The template tells it where redis is, and again whenever redis moves.

variable "node" {
  type        = string
  default     = "node"
  description = "The node program, 20 or later."
}

variable "programs" {
  type        = string
  description = "The absolute path of the folder infra/demo/programs."
}

job "pytechco-web" {
  type = "service"

  group "ptc-web" {
    count = 1

    network {
      port "web" {
        static = 5000
      }
    }

    service {
      name     = "ptc-web-svc"
      port     = "web"
      provider = "nomad"
    }

    task "ptc-web-task" {
      driver = "raw_exec"

      template {
        data        = <<EOH
{{ range nomadService "redis-svc" }}
REDIS_HOST={{ .Address }}
REDIS_PORT={{ .Port }}
FLASK_HOST=0.0.0.0
REFRESH_INTERVAL=500
{{ end }}
EOH
        destination = "local/env.txt"
        env         = true
      }

      config {
        command = var.node
        args    = ["${var.programs}/web.mjs"]
      }
    }
  }
}

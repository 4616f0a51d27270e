"""The shipped deployment, really started on loopback from the files in deploy/."""

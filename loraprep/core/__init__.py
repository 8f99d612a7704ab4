"""What every room stands on: files, errors, findings, records, YAML."""

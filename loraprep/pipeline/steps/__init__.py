"""One function a task, by group: reads build/ and decisions/, calls the phase, writes build/."""

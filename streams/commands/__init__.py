"""The subcommands of `inkstream`, one file each: options, calls into the other rooms, printing.

Each imports what it needs when it runs, so that `inkstream --help` is quick. Only cli imports this room.
"""

"""`greffon`: what a person does with plug-ins from a terminal, thin over the same API that kubectl speaks.

    main → app → commands_*       words of the command line become values (typer)
                 story_*          what is read, written and waited for, in order
                 door             the only I/O with the cluster
                 show_*, choose,
                 ask, problems    pure: dictionaries in, lines, patches and sentences out
                 console          the only writer to the terminal; nothing unclean passes it

Nothing is imported here: `greffon --help` must not wait for a client library.
"""

"""Runs each line of standard input as a command of gcloud, in one process.

A start of gcloud takes most of the time of a command that is refused. This program is for the Python of the Google
Cloud CLI; its one argument is the CLI's folder lib. Behind what a command says on standard error stands a line with
a form feed.
"""

import shlex
import sys

sys.path.insert(0, sys.argv[1])

import gcloud  # pylint: disable=wrong-import-position

sys.path = gcloud.reorder_sys_path(sys.path)
CLI = gcloud._import_gcloud_main().CreateCLI([])

for line in sys.stdin:
    try:
        CLI.Execute(shlex.split(line)[1:])
    except SystemExit:
        pass
    except Exception as failure:  # pylint: disable=broad-except
        sys.stderr.write('%r\n' % failure)
    sys.stderr.write('\f\n')

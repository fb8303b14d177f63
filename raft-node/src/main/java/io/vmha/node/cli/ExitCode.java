package io.vmha.node.cli;

/** What the shell is told. */
enum ExitCode {
    OK(0),
    REFUSED(1),
    USAGE(2),
    NO_LEADER(3),
    UNREACHABLE(4),
    OPENSTACK(5);

    private final int number;

    ExitCode(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }
}

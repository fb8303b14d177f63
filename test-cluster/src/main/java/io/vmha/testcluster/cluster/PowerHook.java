package io.vmha.testcluster.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** The program that a simulated BMC calls to turn its host on or off: the host's daemons first, then its part of the cloud. */
final class PowerHook {
    private PowerHook() {}

    static void write(Path file, Path daemons, CloudBackend cloud, Path directory) {
        String script = "#!/bin/bash\n"
                + "# on|off|reset|state HOST\n"
                + "set -u\n"
                + "daemons=" + quoted(daemons) + "\n"
                + "case $1 in\n"
                + "off|on|reset) \"$daemons\" \"$1\" \"$2\" && " + cloud.powerCommand() + " ;;\n"
                + "*) exec \"$daemons\" \"$1\" \"$2\" ;;\n"
                + "esac\n";
        try {
            Files.createDirectories(directory);
            Files.writeString(file, script);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        } catch (IOException e) {
            throw new ClusterException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    /** The path as one word of a shell. */
    static String quoted(Path path) {
        return "'" + path.toAbsolutePath().toString().replace("'", "'\\''") + "'";
    }
}

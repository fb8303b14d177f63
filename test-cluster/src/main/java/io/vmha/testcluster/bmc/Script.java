package io.vmha.testcluster.bmc;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/** A shell script that is kept next to the classes and copied to where it runs. */
final class Script {
    private Script() {}

    static Path copy(String name, Path directory) throws IOException {
        Path target = directory.resolve(name).toAbsolutePath();
        try (InputStream source = Script.class.getResourceAsStream(name)) {
            if (source == null) {
                throw new IllegalStateException("the script " + name + " is missing from the class path");
            }
            Files.copy(source, target, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwx------"));
        return target;
    }
}

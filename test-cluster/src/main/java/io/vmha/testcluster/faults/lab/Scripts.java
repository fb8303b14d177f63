package io.vmha.testcluster.faults.lab;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Programs that are kept next to the classes and copied to where they run. */
final class Scripts {
    private Scripts() {}

    static Path copy(String name, Path directory) {
        Path target = directory.resolve(name);
        try (InputStream source = Scripts.class.getResourceAsStream("/io/vmha/testcluster/faults/lab/" + name)) {
            if (source == null) {
                throw new LabException("the program " + name + " is missing from the class path");
            }
            Files.write(target, source.readAllBytes());
            return target;
        } catch (IOException e) {
            throw new LabException("cannot write " + target + ": " + e.getMessage(), e);
        }
    }
}

package io.vmha.testcluster.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The command as a user starts it, with the classes of this build. */
final class FaultsProcess {
    private final Process process;
    private final Path out;

    FaultsProcess(Path directory, String... arguments) throws IOException {
        out = directory.resolve("out");
        var command =
                new ArrayList<>(List.of(Path.of("bin/faults").toAbsolutePath().toString()));
        command.addAll(Arrays.asList(arguments));
        var builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile());
        builder.environment().put("VMHA_FAULTS_CLASSPATH", System.getProperty("java.class.path"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        process = builder.start();
    }

    /** Its exit status once it has ended; -1 if it has not in time. */
    int status(long seconds) throws InterruptedException {
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return -1;
        }
        return process.exitValue();
    }

    Process process() {
        return process;
    }

    /** What it has said so far. */
    String said() throws IOException {
        return Files.readString(out);
    }
}

package io.vmha.testcluster.faults;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts the command again, in namespaces inside ours. */
final class InnerRun {
    private InnerRun() {}

    /** Returns its exit status. */
    static int start(List<String> arguments) throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("vmha.top", "."), "faults").toString());
        command.addAll(arguments);
        var builder = new ProcessBuilder(command).inheritIO();
        builder.environment().put("VMHA_FAULTS_CLASSPATH", System.getProperty("java.class.path"));
        try {
            return builder.start().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 130;
        }
    }
}

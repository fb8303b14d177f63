package io.vmha.testcluster.bmc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A run of a real program: its exit code and all it printed. */
record Tool(int exitCode, String output, long tookMs) {
    static Tool run(String input, String... command) {
        long startedNanos = System.nanoTime();
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException(command[0] + " does not end");
            }
            long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedNanos);
            return new Tool(process.exitValue(), output, tookMs);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for " + command[0], e);
        }
    }

    /** The fence agent as the product calls it: options on standard input. */
    static Tool fence(BmcSpec bmc, String password, String action, String... more) {
        List<String> lines = new ArrayList<>(List.of(
                "lanplus=1",
                "cipher=3",
                "ip=" + bmc.address().getAddress().getHostAddress(),
                "ipport=" + bmc.address().getPort(),
                "username=admin",
                "password=" + password,
                "action=" + action));
        lines.addAll(List.of(more));
        return run(String.join("\n", lines) + "\n", "fence_ipmilan");
    }

    static String guid(BmcSpec bmc, String password) {
        Tool asked = run(
                "",
                "ipmitool",
                "-I",
                "lanplus",
                "-C",
                "3",
                "-H",
                bmc.address().getAddress().getHostAddress(),
                "-p",
                Integer.toString(bmc.address().getPort()),
                "-U",
                "admin",
                "-P",
                password,
                "raw",
                "0x06",
                "0x37");
        return asked.output().replaceAll("\\s", "");
    }
}

package io.vmha.gossip.netty;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The stock {@code serf} command line, talking to one agent. */
final class SerfCli {
    private final InetSocketAddress rpc;
    private final String authKey;

    SerfCli(InetSocketAddress rpc, String authKey) {
        this.rpc = rpc;
        this.authKey = authKey;
    }

    private List<String> command(String... arguments) {
        List<String> command = new ArrayList<>(
                List.of("serf", arguments[0], "-rpc-addr=" + rpc.getAddress().getHostAddress() + ":" + rpc.getPort()));
        if (!authKey.isEmpty()) {
            command.add("-rpc-auth=" + authKey);
        }
        command.addAll(Arrays.asList(arguments).subList(1, arguments.length));
        return command;
    }

    /** Runs a command to its end and returns what it says. */
    String run(String... arguments) {
        List<String> command = command(arguments);
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError(command + " does not end; its output so far: " + output);
            }
            return output;
        } catch (IOException broken) {
            throw new UncheckedIOException("is the Debian package serf installed?", broken);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interrupted);
        }
    }

    /** Starts a command that runs until it is stopped. */
    Running start(Path directory, String... arguments) {
        Path output = directory.resolve("cli-" + arguments[0] + ".log");
        try {
            return new Running(
                    new ProcessBuilder(command(arguments))
                            .redirectErrorStream(true)
                            .redirectOutput(output.toFile())
                            .start(),
                    output);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** A command that has not ended. */
    record Running(Process process, Path file) implements AutoCloseable {
        String output() {
            try {
                return Files.readString(file);
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}

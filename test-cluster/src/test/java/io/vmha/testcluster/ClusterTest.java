package io.vmha.testcluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A class of tests with real daemons and processes. Other classes run beside it, but no second one of this kind: two clusters at once starve
 * each other on a small machine. {@code ./check} runs all tests niced; a class of this kind and what it starts are not, while it has its turn.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Tag("cluster")
@ExtendWith({ClusterTest.OneAtATime.class, FailureLogs.class})
public @interface ClusterTest {

    /** Holds a lock that the processes in which Maven runs tests share, from before the first test of a class until after its last. */
    final class OneAtATime implements BeforeAllCallback, AfterAllCallback {
        private static final Path LOCK = Path.of("target", "cluster-test.lock");
        private static final ExtensionContext.Namespace OURS = ExtensionContext.Namespace.create(OneAtATime.class);
        private static final int NICE_FIELD = 16; // of /proc/self/stat, counted from the one behind the name

        @Override
        public void beforeAll(ExtensionContext context) {
            try {
                FileChannel channel = FileChannel.open(LOCK, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                context.getStore(OURS).put(LOCK, channel);
                channel.lock();
                int nice = nice();
                context.getStore(OURS).put(NICE_FIELD, nice);
                if (nice > 0) {
                    renice(0);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void afterAll(ExtensionContext context) throws IOException {
            int nice = context.getStore(OURS).get(NICE_FIELD, Integer.class);
            if (nice > 0) {
                renice(nice);
            }
            context.getStore(OURS).get(LOCK, FileChannel.class).close();
        }

        private static int nice() throws IOException {
            String stat = Files.readString(Path.of("/proc/self/stat"));
            return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[NICE_FIELD]);
        }

        /** Every thread of this process, whose children inherit it; who is not root may not, and tests as he can. */
        private static void renice(int nice) throws IOException {
            var command = new ArrayList<>(List.of("renice", "-n", Integer.toString(nice), "-p"));
            try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
                threads.forEach(thread -> command.add(thread.getFileName().toString()));
            }
            new ProcessBuilder(command)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .onExit()
                    .join();
        }
    }
}

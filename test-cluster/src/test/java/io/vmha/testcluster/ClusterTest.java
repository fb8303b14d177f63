package io.vmha.testcluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A class of tests with real daemons and processes. Other classes run beside it, but no second one of this kind: two clusters at once starve
 * each other on a small machine.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ClusterTest
@ExtendWith({ClusterTest.OneAtATime.class, FailureLogs.class})
public @interface ClusterTest {

    /** Holds a lock that the processes in which Maven runs tests share, from before the first test of a class until after its last. */
    final class OneAtATime implements BeforeAllCallback, AfterAllCallback {
        private static final Path LOCK = Path.of("target", "cluster-test.lock");
        private static final ExtensionContext.Namespace OURS = ExtensionContext.Namespace.create(OneAtATime.class);

        @Override
        public void beforeAll(ExtensionContext context) {
            try {
                FileChannel channel = FileChannel.open(LOCK, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                context.getStore(OURS).put(LOCK, channel);
                channel.lock();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void afterAll(ExtensionContext context) throws IOException {
            context.getStore(OURS).get(LOCK, FileChannel.class).close();
        }
    }
}

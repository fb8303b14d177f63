package io.vmha.testcluster;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.TestAbortedException;

/** When a test with daemons fails, the ends of their logs are kept below {@code target/failed}, and the failure says where. */
public final class FailureLogs
        implements BeforeAllCallback, TestExecutionExceptionHandler, LifecycleMethodExecutionExceptionHandler {
    private static final Path FAILED = Path.of("target", "failed").toAbsolutePath();

    private static volatile Optional<Path> watched = Optional.empty();

    /** From now on a failure is one of what has its logs in this directory. */
    public static void watch(Path directory) {
        watched = Optional.of(directory);
    }

    /** Where the logs of a class of tests are kept, in a directory for each of its tests. */
    public static Path of(Class<?> tests) {
        return FAILED.resolve(tests.getSimpleName());
    }

    /** What an earlier class has left is none of this one's. */
    @Override
    public void beforeAll(ExtensionContext context) {
        watched = Optional.empty();
    }

    private static void rethrow(ExtensionContext context, Throwable failure) throws Throwable {
        if (failure instanceof TestAbortedException || watched.isEmpty()) {
            throw failure;
        }
        Path kept = of(context.getRequiredTestClass())
                .resolve(context.getTestMethod().map(m -> m.getName()).orElse("all"));
        KeptLogs.copy(watched.get(), kept);
        throw new AssertionError(failure + "\nThe ends of the logs are in " + kept, failure);
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        rethrow(context, failure);
    }

    @Override
    public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        rethrow(context, failure);
    }

    @Override
    public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        rethrow(context, failure);
    }

    @Override
    public void handleAfterEachMethodExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        rethrow(context, failure);
    }
}

package io.vmha.gossip.netty;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One agent at a time remembers its pool in a directory: two would write into each other's lines and keys. */
final class DirectoryLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DirectoryLock.class);

    private final Optional<FileLock> lock;

    /**
     * Takes the directory. One that cannot be written to at all is nobody's; that it is of no use is reported when something is written.
     *
     * @throws GossipException if another agent has it
     */
    DirectoryLock(Path directory) {
        this.lock = take(directory);
    }

    private static Optional<FileLock> take(Path directory) {
        Path file = directory.resolve("local.lock");
        FileChannel channel;
        try {
            Files.createDirectories(directory);
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException unusable) {
            LOG.warn("the gossip directory cannot be locked directory={} why=\"{}\"", directory, unusable.toString());
            return Optional.empty();
        }
        try {
            FileLock taken = channel.tryLock();
            if (taken != null) {
                return Optional.of(taken);
            }
        } catch (IOException | OverlappingFileLockException refused) {
            LOG.debug("lock refused file={}", file, refused);
        }
        close(channel);
        throw new GossipException("another agent already keeps its memory of the pool in " + directory
                + "; stop it, or give this one a data directory of its own");
    }

    private static void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException lost) {
            LOG.debug("lock file not closed", lost);
        }
    }

    @Override
    public void close() {
        lock.ifPresent(taken -> close(taken.channel()));
    }
}

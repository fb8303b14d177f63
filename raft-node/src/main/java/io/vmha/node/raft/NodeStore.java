package io.vmha.node.raft;

import io.vmha.node.raft.RaftNodeException.Kind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data directory and the identity that belongs to it.
 *
 * <pre>
 * lock            held while the node runs
 * peer            identity of this storage, its address, the group it is in
 * promises        what this peer has promised beside its log
 * applied         how far this peer has certainly come
 * groups/UUID/    Ratis: log, vote, snapshots
 * old/N-reason/   storage that was set aside, newest {@value #OLD_MAX} kept
 * </pre>
 *
 * <p>A Raft server that forgets its vote or its log and goes on under its old name can undo committed entries. So whenever the
 * storage does not surely hold what this peer promised, it is set aside and the node becomes a new peer.
 */
final class NodeStore implements AutoCloseable {
    static final int OLD_MAX = 3;
    private static final Logger LOG = LoggerFactory.getLogger(NodeStore.class);

    private final Path dir;
    private final String nodeName;
    private final InetSocketAddress address;
    private final FileChannel lock;
    private Identity identity;

    /** What the {@code peer} file holds. */
    private record Identity(long storage, String address, Optional<GroupId> group) {
        List<String> lines() {
            List<String> lines = new ArrayList<>(
                    List.of(String.format(Locale.ROOT, "storage=%016x", storage), "address=" + address));
            group.ifPresent(g -> lines.add("group=" + g));
            return lines;
        }
    }

    private NodeStore(RaftConfig config, FileChannel lock, Identity identity) {
        this.dir = config.dataDir();
        this.nodeName = config.nodeName();
        this.address = config.address();
        this.lock = lock;
        this.identity = identity;
    }

    /** @throws RaftNodeException {@code STORAGE} if the directory cannot be used or another process uses it */
    static NodeStore open(RaftConfig config) {
        try {
            Files.createDirectories(config.dataDir().resolve("groups"));
            FileChannel lock = lock(config.dataDir());
            try {
                NodeStore store = new NodeStore(config, lock, fresh(config.address()));
                store.load();
                return store;
            } catch (IOException | RuntimeException e) {
                lock.close();
                throw e;
            }
        } catch (IOException e) {
            throw unusable(config.dataDir(), e);
        }
    }

    synchronized PeerInfo self() {
        return new PeerInfo(PeerId.of(nodeName, identity.storage), address);
    }

    synchronized Optional<GroupId> group() {
        return identity.group;
    }

    /** What this peer has promised; another peer's promises cannot be read through it. */
    synchronized PromiseFile promises() {
        return PromiseFile.in(dir, self().id());
    }

    /** How far this peer has come. */
    synchronized AppliedMark mark() {
        return AppliedMark.in(dir, self().id());
    }

    Path groupsDir() {
        return dir.resolve("groups");
    }

    /** Where Ratis would move removed groups; never used, but its default lies under /tmp. */
    Path removedDir() {
        return dir.resolve("old").resolve("removed");
    }

    /** Records, durably and before any storage exists, that this peer takes part in the group. */
    synchronized void join(GroupId group) {
        if (identity.group.isPresent() && !identity.group.get().equals(group)) {
            throw new RaftNodeException(
                    Kind.GROUP,
                    "this node is in group " + identity.group.get() + " and cannot join " + group + " as well");
        }
        if (identity.group.isEmpty()) {
            promises().write("");
            write(new Identity(identity.storage, identity.address, Optional.of(group)));
        }
    }

    /** Takes back {@link #join} when the group could not be created. */
    synchronized void unjoin(GroupId group) {
        if (identity.group.equals(Optional.of(group))
                && !Files.exists(groupsDir().resolve(group.toString()))) {
            write(new Identity(identity.storage, identity.address, Optional.empty()));
        }
    }

    /** Puts the storage aside, if there is any, and makes this node a new peer without a group. */
    synchronized void startAnew(String reason) {
        try {
            setAside(reason);
            write(fresh(address));
        } catch (IOException e) {
            throw unusable(dir, e);
        }
    }

    /** {@link #startAnew} if this peer has certainly promised nothing to the group that it was invited into; the server must be stopped. */
    synchronized boolean startAnewIfNotBegun() {
        try {
            boolean begun = identity.group.isEmpty()
                    || (Files.exists(meta(identity.group.get())) && !hasNotBegun(identity.group.get()));
            if (begun) {
                return false;
            }
        } catch (IOException e) {
            throw unusable(dir, e);
        }
        startAnew("not-begun");
        return true;
    }

    @Override
    public void close() {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.warn("closing the lock of {} failed: {}", dir, e.toString());
        }
    }

    private synchronized void load() throws IOException {
        Optional<Identity> found = read();
        if (found.isEmpty()) {
            startAnew("no-identity");
            LOG.info(
                    "no raft storage is here, so this node is a new peer; if its host voted before, the group replaces"
                            + " the old peer by this one self={} dir={}",
                    self(),
                    dir);
            return;
        }
        identity = found.get();
        String here = PeerInfo.hostAndPort(address);
        if (!identity.address.equals(here)) {
            LOG.warn("cluster address changed, joining as a new peer was={} now={}", identity.address, here);
            startAnew("address-changed");
        } else if (identity.group.isPresent() && !Files.exists(meta(identity.group.get()))) {
            LOG.warn("raft storage is missing, joining as a new peer group={} dir={}", identity.group.get(), dir);
            startAnew("storage-missing");
        } else if (identity.group.isPresent() && promises().read().isEmpty()) {
            LOG.warn(
                    "promises are missing or damaged, joining as a new peer group={} dir={}",
                    identity.group.get(),
                    dir);
            startAnew("promises-missing");
        } else if (identity.group.isPresent() && hasNotBegun(identity.group.get())) {
            LOG.warn(
                    "this node ended before its part in the group began, joining as a new peer group={} dir={}",
                    identity.group.get(),
                    dir);
            startAnew("not-begun");
        } else if (hasUnrecordedGroups()) {
            LOG.warn("raft storage of an unrecorded group found, joining as a new peer dir={}", dir);
            startAnew("unrecorded-group");
        }
    }

    private Path meta(GroupId group) {
        return groupsDir().resolve(group.toString()).resolve("current").resolve("raft-meta");
    }

    /**
     * True if this peer has not seen any term: it founded the group, or was invited, and ended at once. It has promised nothing, so nobody
     * rests on it; and a founder would wait for ever for the leader that it should have become, since Ratis has not kept that it was alone.
     */
    private boolean hasNotBegun(GroupId group) throws IOException {
        return Files.readString(meta(group), StandardCharsets.ISO_8859_1)
                .lines()
                .anyMatch("term=0"::equals);
    }

    private boolean hasUnrecordedGroups() throws IOException {
        String own = identity.group.map(GroupId::toString).orElse("");
        return list(groupsDir()).stream()
                .anyMatch(p -> !p.getFileName().toString().equals(own));
    }

    private void setAside(String reason) throws IOException {
        if (list(groupsDir()).isEmpty()) {
            return;
        }
        Path old = Files.createDirectories(dir.resolve("old"));
        long next = list(old).stream().mapToLong(NodeStore::number).max().orElse(0) + 1;
        Path target = old.resolve(String.format(Locale.ROOT, "%06d-%s", next, reason));
        Files.move(groupsDir(), target, StandardCopyOption.ATOMIC_MOVE);
        Files.createDirectories(groupsDir());
        sync(dir);
        LOG.warn("raft storage set aside reason={} dir={}", reason, target);
        List<Path> kept = list(old).stream()
                .filter(p -> number(p) > 0)
                .sorted(Comparator.comparing(NodeStore::number))
                .toList();
        for (Path surplus : kept.subList(0, Math.max(0, kept.size() - OLD_MAX))) {
            deleteTree(surplus);
        }
    }

    /** @return empty if there is no file or it is unreadable */
    private Optional<Identity> read() throws IOException {
        Path file = dir.resolve("peer");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        Map<String, String> values = new LinkedHashMap<>();
        for (String line : Files.readString(file, StandardCharsets.ISO_8859_1).split("\n", -1)) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                values.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        try {
            return Optional.of(new Identity(
                    Long.parseUnsignedLong(values.getOrDefault("storage", ""), 16),
                    values.getOrDefault("address", ""),
                    Optional.ofNullable(values.get("group")).map(GroupId::parse)));
        } catch (IllegalArgumentException e) {
            LOG.warn("identity file is unreadable, joining as a new peer file={} problem={}", file, e.getMessage());
            return Optional.empty();
        }
    }

    private void write(Identity next) {
        try {
            Path tmp = dir.resolve("peer.tmp");
            byte[] bytes = (String.join("\n", next.lines()) + "\n").getBytes(StandardCharsets.ISO_8859_1);
            writeDurably(tmp, bytes);
            Files.move(tmp, dir.resolve("peer"), StandardCopyOption.ATOMIC_MOVE);
            sync(dir);
            identity = next;
        } catch (IOException e) {
            throw unusable(dir, e);
        }
    }

    static void writeDurably(Path file, byte[] bytes) throws IOException {
        try (FileChannel out = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                out.write(buffer);
            }
            out.force(true);
        }
    }

    /** Makes the renames in a directory durable. */
    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static Identity fresh(InetSocketAddress address) {
        return new Identity(new SecureRandom().nextLong(), PeerInfo.hostAndPort(address), Optional.empty());
    }

    private static FileChannel lock(Path dir) throws IOException {
        FileChannel channel =
                FileChannel.open(dir.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // held by this process: the same answer
        }
        channel.close();
        throw new RaftNodeException(
                Kind.STORAGE, "data directory " + dir + " is used by another process; stop it first");
    }

    private static RaftNodeException unusable(Path dir, IOException e) {
        return new RaftNodeException(
                Kind.STORAGE,
                "data directory " + dir + " cannot be used (" + inWords(e)
                        + "); it must be a directory that this user may write to, with space left, see data_dir",
                e);
    }

    /** The JDK's sentence for these is the file's name alone. */
    private static String inWords(IOException e) {
        String file = e instanceof FileSystemException at && at.getFile() != null ? at.getFile() : "";
        if (e instanceof AccessDeniedException) {
            return "this user may not write " + file;
        }
        if (e instanceof NoSuchFileException) {
            return file + " does not exist and cannot be made";
        }
        if (e instanceof FileAlreadyExistsException) {
            return file + " is no directory";
        }
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    private static long number(Path path) {
        String name = path.getFileName().toString();
        int dash = name.indexOf('-');
        return dash > 0 && name.substring(0, dash).matches("[0-9]{1,18}") ? Long.parseLong(name.substring(0, dash)) : 0;
    }

    private static List<Path> list(Path directory) throws IOException {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            stream.forEach(entries::add);
        }
        return entries;
    }

    private static void deleteTree(Path root) {
        try (Stream<Path> walk = Files.walk(root)) {
            for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.warn("old raft storage could not be deleted dir={} problem={}", root, e.toString());
        }
    }
}

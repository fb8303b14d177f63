package io.vmha.testcluster.faults.lab;

import io.vmha.testcluster.faults.history.History;
import io.vmha.testcluster.faults.history.Kinds;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Looks at what QEMU's guests write, from outside and on the injector's clock: at the heartbeat sector of each disk, which whoever writes last
 * has, and at the serial line of each copy, which is of that copy alone.
 */
final class GuestWatcher implements AutoCloseable {
    private static final long LOOK_MS = 40;
    private static final long LIST_MS = 200;
    private static final int SECTOR = 512;
    private static final int SIGN_BYTES = 19; // the line without its end
    private static final int READ_MAX = 64 * 1024;
    private static final int COPIES_MAX = 20_000;

    private final Path disks;
    private final List<LabHost> hosts;
    private final History history;
    private final AtomicBoolean ended = new AtomicBoolean();
    private final Map<Path, Line> lines = new LinkedHashMap<>();
    private final Map<Path, Map<String, Beats>> sectors = new LinkedHashMap<>();
    private final Thread thread;
    private long lookedMs;
    private long listedMs = -LIST_MS;

    /** One copy of a guest, and how far its serial line has been read. */
    private static final class Line {
        private final String host;
        private final String vm;
        private final String nonce;
        private final Beats beats = new Beats();
        private String boot = "";
        private String pending = "";
        private long read;

        private Line(String host, String file) {
            int dot = file.lastIndexOf('.');
            this.host = host;
            this.vm = file.substring(0, dot);
            this.nonce = file.substring(dot + 1);
        }
    }

    GuestWatcher(Path disks, List<LabHost> hosts, History history) {
        this.disks = disks;
        this.hosts = List.copyOf(hosts);
        this.history = history;
        this.lookedMs = history.nowMs();
        this.thread = GuestBus.daemon(this::watch, "guest-watcher");
        thread.start();
    }

    private void watch() {
        while (!ended.get()) {
            look();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MS));
        }
    }

    synchronized void look() {
        long began = history.nowMs();
        if (began - listedMs >= LIST_MS) {
            listedMs = began;
            list();
        }
        sectors.forEach(this::lookAtSector);
        lines.forEach(this::lookAtLine);
        lookedMs = began;
    }

    private void list() {
        files(disks)
                .filter(file ->
                        !file.endsWith("boot") && !file.getFileName().toString().endsWith(".draft"))
                .forEach(file -> sectors.computeIfAbsent(file, f -> new LinkedHashMap<>()));
        for (LabHost host : hosts) {
            files(host.beatsDirectory())
                    .filter(file -> !lines.containsKey(file))
                    .forEach(file -> lines.put(
                            file, new Line(host.name(), file.getFileName().toString())));
        }
        if (lines.size() > COPIES_MAX) {
            throw new LabException("more than " + COPIES_MAX + " copies of guests in one run: make it shorter");
        }
    }

    private static Stream<Path> files(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList().stream();
        } catch (IOException e) {
            return Stream.empty(); // not made yet
        }
    }

    private void lookAtSector(Path disk, Map<String, Beats> copies) {
        try (var file = new RandomAccessFile(disk.toFile(), "r")) {
            var sign = new byte[SIGN_BYTES];
            file.seek(SECTOR);
            int length = file.read(sign);
            long now = history.nowMs();
            Beats.Beat.of(text(sign, length))
                    .ifPresent(beat -> copies.computeIfAbsent(beat.boot(), b -> new Beats())
                            .see(beat.count(), lookedMs, now));
        } catch (IOException e) {
            // not written yet
        }
    }

    private void lookAtLine(Path path, Line line) {
        if (path.toFile().length() <= line.read) {
            return;
        }
        try (var file = new RandomAccessFile(path.toFile(), "r")) {
            var bytes = new byte[READ_MAX];
            file.seek(line.read);
            int length = file.read(bytes);
            long now = history.nowMs();
            line.read += Math.max(0, length);
            String[] words = (line.pending + text(bytes, length)).split("[\r\n]+", -1);
            line.pending = words[words.length - 1];
            for (int i = 0; i < words.length - 1; i++) {
                Optional<Beats.Beat> beat = Beats.Beat.of(words[i]);
                beat.ifPresent(b -> {
                    line.boot = b.boot();
                    line.beats.see(b.count(), lookedMs, now);
                });
            }
        } catch (IOException e) {
            // its host has just been made to forget it
        }
    }

    private static String text(byte[] bytes, int length) {
        return new String(bytes, 0, Math.max(0, length), StandardCharsets.US_ASCII);
    }

    /** Puts every copy that has beaten into the history: by its serial line, and by its disk. */
    synchronized void record() {
        look();
        for (Line line : lines.values()) {
            if (!line.beats.isEmpty()) {
                history.recordAt(line.beats.fromMs(), Kinds.GUEST, event -> {
                    event.put("vm", line.vm).put("nonce", line.nonce).put("host", line.host);
                    line.beats.put(event, "beats");
                });
            }
        }
        sectors.forEach((disk, copies) -> copies.forEach((boot, beats) -> {
            String vm = disk.getFileName().toString();
            Optional<Line> copy = lines.values().stream()
                    .filter(line -> line.vm.equals(vm) && line.boot.equals(boot))
                    .findFirst();
            history.recordAt(beats.fromMs(), Kinds.DISK, event -> {
                event.put("vm", vm)
                        .put("nonce", copy.map(line -> line.nonce).orElse(boot))
                        .put("host", copy.map(line -> line.host).orElse("a host that no serial line tells of"));
                beats.put(event, "writes");
            });
        }));
    }

    @Override
    public void close() {
        ended.set(true);
        try {
            thread.join(5_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package io.vmha.node.observe;

import io.vmha.gossip.observe.ObserverRing;
import io.vmha.proto.v1.BootNote;
import io.vmha.proto.v1.FindingNote;
import io.vmha.proto.v1.KernelSighting;
import io.vmha.proto.v1.Observe;
import io.vmha.proto.v1.PeerReply;
import io.vmha.proto.v1.Renew;
import io.vmha.recovery.core.Finding;
import io.vmha.recovery.core.HostName;
import io.vmha.recovery.core.Sighting;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.LongSupplier;

/**
 * What this node sees of the other hosts' kernels, and what other observers have told it with their renewals. Every method may be called on
 * any thread and returns at once.
 */
public final class Observatory implements AutoCloseable {
    /** What an observer said is news for so long. */
    private static final long TOLD_FOR_MS = 1_500;

    /** An observer goes on telling for so long after a host has answered again. */
    private static final long NEWS_MS = 3_000;

    private static final int OBSERVERS_MAX = 10_000;
    private static final int TOLD_AT_ONCE_MAX = 64;

    /** Where news goes; calls do not block. */
    public interface Listener {
        /** A host that this node observes has fallen silent, or answers again: the voters should hear of it now. */
        void onChange();

        /** Observers have told what they see. */
        void onTold(List<Sighting> sightings);
    }

    private record Boot(String id, long heardAtMs) {}

    private record Told(List<Sighting> sightings, long atMs) {}

    private final HostName self;
    private final LongSupplier nowMs;
    private final Listener listener;
    private final KernelProber prober;
    private final String bootId = BootId.read();
    private final Map<String, Long> changedAtMs = new ConcurrentHashMap<>();
    private final Map<HostName, Boot> boots = new ConcurrentSkipListMap<>();
    private final Map<HostName, Told> told = new ConcurrentSkipListMap<>();
    private SortedMap<String, List<InetSocketAddress>> addresses = new TreeMap<>();
    private Set<String> members = Set.of();
    private volatile List<FindingNote> findings = List.of();

    /**
     * @param clusterIp the address that probes come from
     * @param nowMs a monotonic clock in milliseconds
     */
    public Observatory(HostName self, InetAddress clusterIp, LongSupplier nowMs, Listener listener) {
        this.self = self;
        this.nowMs = nowMs;
        this.listener = listener;
        this.prober = new KernelProber(nowMs, clusterIp, self.value().hashCode(), this::onChange);
    }

    /** Starts looking. */
    public void start() {
        prober.start();
    }

    private void onChange(String host) {
        changedAtMs.put(host, nowMs.getAsLong());
        listener.onChange();
        listener.onTold(own(List.of(host)));
    }

    /**
     * The hosts that are in service now, which make up the ring, and at which ports they may be asked. A host whose address has been known stays
     * known when the pool forgets it: it is then that it must be asked.
     */
    public synchronized void know(Collection<HostName> inService, Map<HostName, List<InetSocketAddress>> known) {
        var next = new TreeMap<>(addresses);
        known.forEach((host, address) -> next.put(host.value(), address));
        var names = new TreeSet<String>();
        inService.forEach(host -> names.add(host.value()));
        next.keySet().retainAll(names);
        if (!next.equals(addresses)) {
            addresses = next;
            prober.know(next);
        }
        if (!names.equals(members)) {
            members = names;
            changedAtMs.keySet().retainAll(names);
            prober.observe(ObserverRing.of(names).targetsOf(self.value()));
        }
    }

    /** Adds to a renewal which start of the kernel it comes from, and what this host has to say as an observer. */
    public void sign(Renew.Builder renewal) {
        renewal.setBootId(bootId);
        long now = nowMs.getAsLong();
        var recent = changedAtMs.entrySet().stream()
                .filter(e -> now - e.getValue() < NEWS_MS)
                .map(Map.Entry::getKey)
                .toList();
        var tell = new TreeSet<>(recent);
        KernelProber.now(prober.seen(), now).values().stream()
                .filter(s -> s.isSilent())
                .forEach(s -> tell.add(s.host()));
        own(tell).stream().limit(TOLD_AT_ONCE_MAX).forEach(s -> renewal.addSightings(note(s)));
    }

    /** A host's renewal has reached this voter. */
    public void onRenewal(HostName host, Renew renewal) {
        long now = nowMs.getAsLong();
        if (boots.size() < OBSERVERS_MAX || boots.containsKey(host)) {
            boots.put(host, new Boot(renewal.getBootId(), now));
        }
        if (renewal.getSightingsCount() > 0 && (told.size() < OBSERVERS_MAX || told.containsKey(host))) {
            List<Sighting> said = renewal.getSightingsList().stream()
                    .limit(TOLD_AT_ONCE_MAX)
                    .map(note -> sighting(host, note))
                    .toList();
            told.put(host, new Told(said, now));
            listener.onTold(said);
        }
    }

    /** A leader asks: looks closely from now on, and answers with what is known already. */
    public void answer(Observe question, PeerReply.Builder reply) {
        var asked = new TreeSet<>(question.getHostsList());
        var all = new TreeSet<>(question.getAlsoLookAtList());
        all.addAll(asked);
        all.remove(self.value());
        prober.lookAt(List.copyOf(all));
        long now = nowMs.getAsLong();
        for (Sighting s : own(all)) {
            if (asked.contains(s.host().value()) || s.isSilent()) {
                reply.addSightings(note(s));
            }
        }
        for (Told words : told.values()) {
            for (Sighting s : aged(words, now)) {
                if (asked.contains(s.host().value())) {
                    reply.addSightings(note(s));
                }
            }
        }
        for (String host : asked) {
            Boot boot = boots.get(new HostName(host));
            if (boot != null) {
                reply.addBoots(
                        BootNote.newBuilder().setHost(host).setBootId(boot.id()).setAgeMs(now - boot.heardAtMs()));
            }
        }
    }

    private static List<Sighting> aged(Told words, long now) {
        long since = now - words.atMs();
        var aged = new ArrayList<Sighting>();
        if (since < TOLD_FOR_MS) {
            for (Sighting s : words.sightings()) {
                aged.add(new Sighting(
                        s.observer(),
                        s.host(),
                        s.answeredMs() < 0 ? -1 : s.answeredMs() + since,
                        s.answer(),
                        s.isSilent() ? s.silentMs() + since : 0,
                        s.unanswered(),
                        s.doubt()));
            }
        }
        return aged;
    }

    /** This node's own statements about these hosts. */
    private List<Sighting> own(Collection<String> hosts) {
        var seen = KernelProber.now(prober.seen(), nowMs.getAsLong());
        var own = new ArrayList<Sighting>();
        for (String host : hosts) {
            var s = seen.get(host);
            if (s != null) {
                own.add(new Sighting(
                        self, new HostName(host), s.answeredMs(), s.answer(), s.silentMs(), s.unanswered(), s.doubt()));
            }
        }
        return own;
    }

    /** What this leader makes of the silent hosts, to be told to every host that renews; empty on all other nodes. */
    public void onFindings(SortedMap<HostName, Finding> now) {
        findings = now.values().stream()
                .limit(TOLD_AT_ONCE_MAX)
                .map(f -> FindingNote.newBuilder()
                        .setHost(f.host().value())
                        .setKind(f.kind().name())
                        .setSilentMs(f.silentMs())
                        .setWhy(f.why())
                        .build())
                .toList();
    }

    /** What the leader on this node makes of the silent hosts. */
    public List<FindingNote> findings() {
        return findings;
    }

    /** The hosts that are silent towards this node's own probes. */
    public SortedSet<String> silent() {
        var silent = new TreeSet<String>();
        prober.seen().sightings().values().stream().filter(s -> s.isSilent()).forEach(s -> silent.add(s.host()));
        return silent;
    }

    private static KernelSighting note(Sighting s) {
        return KernelSighting.newBuilder()
                .setObserver(s.observer().value())
                .setHost(s.host().value())
                .setAnsweredMs(s.answeredMs())
                .setAnswer(s.answer())
                .setSilentMs(s.silentMs())
                .setUnanswered(s.unanswered())
                .setDoubt(s.doubt())
                .build();
    }

    /** @param observer who said so: an observer speaks for itself only, whatever name it writes */
    private static Sighting sighting(HostName observer, KernelSighting note) {
        return new Sighting(
                observer,
                new HostName(note.getHost()),
                Math.max(-1, note.getAnsweredMs()),
                note.getAnswer(),
                Math.max(0, note.getSilentMs()),
                Math.max(0, note.getUnanswered()),
                Math.max(0, note.getDoubt()));
    }

    /** A statement that a voter has passed on. */
    public static Sighting sighting(KernelSighting note) {
        return sighting(new HostName(note.getObserver()), note);
    }

    @Override
    public void close() {
        prober.close();
    }
}

package io.vmha.gossip.serf;

import io.vmha.gossip.wire.Bytes;
import io.vmha.gossip.wire.ConflictResponse;
import io.vmha.gossip.wire.KeyRequest;
import io.vmha.gossip.wire.KeyResponse;
import io.vmha.gossip.wire.Keyring;
import io.vmha.gossip.wire.NodeAddress;
import io.vmha.gossip.wire.WireFormatException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Answers the questions that Serf asks itself: internal_query.go. Names that are not known are not answered; {@code _serf_ping} wants
 * an acknowledgement only, which every query gets.
 */
final class InternalQueries {
    static final String INSTALL_KEY = Queries.INTERNAL_PREFIX + "install-key";
    static final String USE_KEY = Queries.INTERNAL_PREFIX + "use-key";
    static final String REMOVE_KEY = Queries.INTERNAL_PREFIX + "remove-key";
    static final String LIST_KEYS = Queries.INTERNAL_PREFIX + "list-keys";
    static final String CONFLICT = Queries.INTERNAL_PREFIX + "conflict";

    /** What a query response needs beyond its payload: the longest name, and five fields. */
    private static final int WRAPPING_BYTES = 320;

    private final String name;
    private final Members members;
    private final SerfListener listener;
    private Keyring keyring;

    InternalQueries(String name, Members members, Keyring keyring, SerfListener listener) {
        this.name = name;
        this.members = members;
        this.keyring = keyring;
        this.listener = listener;
    }

    /**
     * Answers a question, if it is one of Serf's own.
     *
     * @param reply given the answer, now or later; not called if there is none
     */
    void answer(String query, Bytes payload, Consumer<Bytes> reply) {
        switch (query) {
            case INSTALL_KEY -> change(payload, key -> keyring.with(key), reply);
            case USE_KEY -> change(payload, key -> keyring.withPrimary(key), reply);
            case REMOVE_KEY -> change(payload, key -> keyring.without(key), reply);
            case LIST_KEYS -> reply.accept(list());
            case CONFLICT -> conflict(payload.lenientText()).ifPresent(reply);
            default -> {
                // a ping wants nothing but its acknowledgement, and the others we do not know
            }
        }
    }

    private interface Change {
        Keyring apply(Bytes key);
    }

    private void change(Bytes payload, Change change, Consumer<Bytes> reply) {
        if (keyring.isEmpty()) {
            reply.accept(KeyResponse.refused("No keyring to modify (encryption not enabled)")
                    .encode());
            return;
        }
        try {
            Keyring changed = change.apply(KeyRequest.decode(payload).key());
            if (!changed.keys().equals(keyring.keys())) {
                keyring = changed;
                listener.onKeyringChanged(changed);
                listener.storeKeyring(
                        changed,
                        problem -> reply.accept(
                                (problem.isEmpty() ? KeyResponse.done() : KeyResponse.refused(problem)).encode()));
            } else {
                reply.accept(KeyResponse.done().encode());
            }
        } catch (IllegalArgumentException | WireFormatException refused) {
            reply.accept(
                    KeyResponse.refused(String.valueOf(refused.getMessage())).encode());
        }
    }

    private Bytes list() {
        if (keyring.isEmpty()) {
            return KeyResponse.refused("Keyring is empty (encryption not enabled)")
                    .encode();
        }
        List<String> keys = keyring.keys().stream()
                .map(key -> Base64.getEncoder().encodeToString(key.toArray()))
                .toList();
        Bytes all = new KeyResponse(true, "", keys, keys.get(0)).encode();
        for (int shown = keys.size() - 1; shown > 0 && all.length() > Queries.BYTES_MAX - WRAPPING_BYTES; shown--) {
            String message = "truncated key list response, showing first " + shown + " of " + keys.size() + " keys";
            all = new KeyResponse(true, message, keys.subList(0, shown), keys.get(0)).encode();
        }
        return all;
    }

    /** Whoever is in a conflict does not judge it. */
    private Optional<Bytes> conflict(String contested) {
        if (contested.equals(name)) {
            return Optional.empty();
        }
        return Optional.of(members.find(contested)
                .map(member -> new ConflictResponse(
                                contested,
                                NodeAddress.of(member.node().address()),
                                member.view().tags(),
                                member.status().code(),
                                member.node().vsn())
                        .encode())
                .orElseGet(ConflictResponse::unknown));
    }
}

package io.vmha.gossip.rpc;

import io.vmha.gossip.serf.Member;
import io.vmha.gossip.wire.Expression;
import io.vmha.gossip.wire.RpcFields;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Which members a client wants to see: regular expressions that status, name and tags have to match as a whole. */
final class MemberFilter {
    private final Optional<Expression> status;
    private final Optional<Expression> name;
    private final SortedMap<String, Expression> tags = new TreeMap<>();

    /** Reads the filter of a request; a wrong expression is a {@code WireFormatException}. */
    MemberFilter(RpcFields request) {
        status = expression(request.text("Status"));
        name = expression(request.text("Name"));
        request.textMap("Tags").forEach((tag, text) -> tags.put(tag, Expression.of(text)));
    }

    private static Optional<Expression> expression(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(Expression.of(text));
    }

    boolean admits(Member member) {
        if (status.isPresent() && !status.get().matches(member.status().text())) {
            return false;
        }
        if (name.isPresent() && !name.get().matches(member.name())) {
            return false;
        }
        for (Map.Entry<String, Expression> tag : tags.entrySet()) {
            if (!tag.getValue().matches(member.tag(tag.getKey()))) {
                return false;
            }
        }
        return true;
    }
}

package dev.millrace.engine.store;

import dev.millrace.engine.domain.ApiToken;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.domain.WorkerId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** API tokens and join tokens, by hash. */
public interface TokenStore {
  void insert(ApiToken token);

  Optional<ApiToken> byHash(String hash);

  Optional<ApiToken> find(TokenId id);

  /** A user's tokens, newest first, revoked ones too. */
  List<ApiToken> of(OwnerId user);

  /** False if it was revoked before. */
  boolean revoke(TokenId id, Instant at);

  /** Removes API tokens that expired or were revoked before that time, at most {@code limit}. */
  int purgeTokens(Instant before, int limit);

  void insert(JoinToken token);

  Optional<JoinToken> joinTokenByHash(String hash);

  /** The newest one for the machine of that key. */
  Optional<JoinToken> joinTokenOf(String nodeKey);

  /** Marks an unused join token as used; false if another nonce used it first. */
  boolean use(TokenId joinToken, String nonce, WorkerId worker);

  /** Removes join tokens that expired before that time, at most {@code limit}. */
  int purgeJoinTokens(Instant before, int limit);
}

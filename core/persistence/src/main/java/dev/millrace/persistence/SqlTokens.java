package dev.millrace.persistence;

import dev.millrace.engine.domain.ApiToken;
import dev.millrace.engine.domain.EnvironmentId;
import dev.millrace.engine.domain.JoinToken;
import dev.millrace.engine.domain.OwnerId;
import dev.millrace.engine.domain.TokenId;
import dev.millrace.engine.domain.WorkerId;
import dev.millrace.engine.store.Slice;
import dev.millrace.engine.store.TokenStore;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.hibernate.StatelessSession;
import org.jspecify.annotations.NullUnmarked;

/** API tokens and join tokens. */
final class SqlTokens implements TokenStore {
  private final StatelessSession session;
  private final Table table;
  private final Jdbc jdbc;

  SqlTokens(StatelessSession session) {
    this.session = session;
    this.table = new Table(session);
    this.jdbc = new Jdbc(session);
  }

  @Override
  public void insert(ApiToken token) {
    table.insert(Row.of(token));
  }

  @Override
  public Optional<ApiToken> byHash(String hash) {
    return new Hql(session, "from ApiToken t")
        .and("t.tokenHash = :hash", "hash", hash)
        .first(Row.class, "t", "t.id")
        .map(Row::token);
  }

  @Override
  public Optional<ApiToken> find(TokenId id) {
    return table.find(Row.class, id.value()).map(Row::token);
  }

  @Override
  public List<ApiToken> of(OwnerId user) {
    return new Hql(session, "from ApiToken t")
            .and("t.userId = :user", "user", user.value())
            .list(Row.class, "t", "t.createdAt desc, t.id desc", Slice.first(Slice.MAX_LIMIT))
            .stream()
            .map(Row::token)
            .toList();
  }

  @Override
  public boolean revoke(TokenId id, Instant at) {
    return jdbc.change(
            "update api_token set revoked_at = ? where id = ? and revoked_at is null",
            at,
            id.value())
        == 1;
  }

  @Override
  public int purgeTokens(Instant before, int limit) {
    return jdbc.change(
        "delete from api_token where expires_at < ? or revoked_at < ? limit ?",
        before,
        before,
        limit);
  }

  @Override
  public void insert(JoinToken token) {
    table.insert(JoinRow.of(token));
  }

  @Override
  public Optional<JoinToken> joinTokenByHash(String hash) {
    return new Hql(session, "from JoinToken t")
        .and("t.tokenHash = :hash", "hash", hash)
        .first(JoinRow.class, "t", "t.id")
        .map(JoinRow::token);
  }

  @Override
  public Optional<JoinToken> joinTokenOf(String nodeKey) {
    return new Hql(session, "from JoinToken t")
        .and("t.nodeKey = :node", "node", nodeKey)
        .first(JoinRow.class, "t", "t.createdAt desc, t.id desc")
        .map(JoinRow::token);
  }

  @Override
  public boolean use(TokenId joinToken, String nonce, WorkerId worker) {
    return jdbc.change(
                "update join_token set used_nonce = ?, worker_id = ?"
                    + " where id = ? and used_nonce is null",
                nonce,
                worker.value(),
                joinToken.value())
            == 1
        || jdbc.first(
                row -> row.getLong(1),
                "select count(*) from join_token where id = ? and used_nonce = ?",
                joinToken.value(),
                nonce)
            .filter(count -> count == 1)
            .isPresent();
  }

  @Override
  public int purgeJoinTokens(Instant before, int limit) {
    return jdbc.change("delete from join_token where expires_at < ? limit ?", before, limit);
  }

  /** An API token. */
  @NullUnmarked
  @Entity(name = "ApiToken")
  @jakarta.persistence.Table(name = "api_token")
  static class Row {
    @Id UUID id;
    int userId;
    String name;
    String tokenHash;
    Instant createdAt;
    Instant expiresAt;
    Instant revokedAt;

    static Row of(ApiToken token) {
      Row row = new Row();
      row.id = token.id().value();
      row.userId = token.user().value();
      row.name = token.name();
      row.tokenHash = token.hash();
      row.createdAt = token.createdAt();
      row.expiresAt = token.expiresAt().orElse(null);
      row.revokedAt = token.revokedAt().orElse(null);
      return row;
    }

    ApiToken token() {
      return new ApiToken(
          new TokenId(id),
          new OwnerId(userId),
          name,
          tokenHash,
          createdAt,
          Optional.ofNullable(expiresAt),
          Optional.ofNullable(revokedAt));
    }
  }

  /** A join token. */
  @NullUnmarked
  @Entity(name = "JoinToken")
  @jakarta.persistence.Table(name = "join_token")
  static class JoinRow {
    @Id UUID id;
    String tokenHash;
    UUID groupId;
    String nodeKey;
    Instant createdAt;
    Instant expiresAt;
    String usedNonce;
    UUID workerId;

    static JoinRow of(JoinToken token) {
      JoinRow row = new JoinRow();
      row.id = token.id().value();
      row.tokenHash = token.hash();
      row.groupId = token.group().value();
      row.nodeKey = token.nodeKey().orElse(null);
      row.createdAt = token.createdAt();
      row.expiresAt = token.expiresAt();
      row.usedNonce = token.usedNonce().orElse(null);
      row.workerId = token.worker().map(WorkerId::value).orElse(null);
      return row;
    }

    JoinToken token() {
      return new JoinToken(
          new TokenId(id),
          tokenHash,
          new EnvironmentId(groupId),
          Optional.ofNullable(nodeKey),
          createdAt,
          expiresAt,
          Optional.ofNullable(usedNonce),
          Optional.ofNullable(workerId).map(WorkerId::new));
    }
  }
}

// Max pooling over flat positions. Included by loops_body.h only.

/// V vectors of positions at once: each depends on the tap before, so several are kept in flight.
template <int V>
inline void pool_tile(const PoolBlock& b, std::int64_t p) {
  Vec best[V];
  VecI arg[V];
  for (int v = 0; v < V; ++v) {
    best[v] = splat(-__builtin_inff());
    arg[v] = *reinterpret_cast<const VecIU*>(b.first_tap + p + v * vector_lanes);
  }
  for (std::int64_t t = 0; t < b.taps; ++t) {
    const VecI tap = static_cast<std::int32_t>(t) - VecI{};
    for (int v = 0; v < V; ++v) {
      const Vec x = load(b.in + p + v * vector_lanes + b.offsets[t]);
      // As PyTorch: greater, or NaN. Nothing is greater than a NaN, so it stays until another NaN comes.
      const VecI take = (x > best[v]) | (x != x);
      best[v] = take ? x : best[v];
      arg[v] = take ? tap : arg[v];
    }
  }
  for (int v = 0; v < V; ++v) {
    store(b.best + p + v * vector_lanes, best[v]);
    *reinterpret_cast<VecIU*>(b.arg + p + v * vector_lanes) = arg[v];
  }
}

void pool_block(const PoolBlock& b) {
  std::int64_t p = 0;
  for (; p + 3 * vector_lanes < b.positions; p += 4 * vector_lanes) pool_tile<4>(b, p);
  for (; p < b.positions; p += vector_lanes) pool_tile<1>(b, p);
}

/// n >= vector_lanes taps as bytes, the last vector overlapping the one before it.
inline void put_bytes(std::uint8_t* dst, const std::int32_t* src, std::int64_t n) {
  using Bytes = std::uint8_t __attribute__((vector_size(vector_lanes)));
  using BytesInMemory = std::uint8_t __attribute__((vector_size(vector_lanes), aligned(1), may_alias));
  const auto put_at = [&](std::int64_t c) {
    const VecI taps = *reinterpret_cast<const VecIU*>(src + c);
    *reinterpret_cast<BytesInMemory*>(dst + c) = __builtin_convertvector(taps, Bytes);
  };
  for (std::int64_t c = 0; c + vector_lanes <= n; c += vector_lanes) put_at(c);
  put_at(n - vector_lanes);
}

void store_args(std::int64_t lines, std::int64_t columns, std::int64_t pitch, const std::int32_t* args, bool wide,
                void* dst) {
  for (std::int64_t l = 0; l < lines; ++l) {
    const std::int32_t* src = args + l * pitch;
    if (wide) {
      auto* to = static_cast<std::int32_t*>(dst) + l * columns;
      for (std::int64_t c = 0; c < columns; ++c) to[c] = src[c];
      continue;
    }
    auto* to = static_cast<std::uint8_t*>(dst) + l * columns;
    if (columns >= vector_lanes) {
      put_bytes(to, src, columns);
    } else {
      for (std::int64_t c = 0; c < columns; ++c) to[c] = static_cast<std::uint8_t>(src[c]);
    }
  }
}

template <class Arg>
inline void scatter(const PoolScatter& s) {
  const auto* args = static_cast<const Arg*>(s.args);
  const float* dy = s.dy;
  for (std::int64_t l = 0; l < s.lines; ++l) {
    float* dx = s.dx + l * s.step_y * s.width + s.first;
    for (std::int64_t c = 0; c < s.columns; ++c, dx += s.step_x) dx[s.tap_offsets[*args++]] += *dy++;
  }
}

void pool_scatter(const PoolScatter& s) {
  if (s.wide_args) {
    scatter<std::int32_t>(s);
  } else {
    scatter<std::uint8_t>(s);
  }
}

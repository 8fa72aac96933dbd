// Max pooling over flat positions. Included by loops_body.h only.

void pool_block(const PoolBlock& b) {
  for (std::int64_t p = 0; p < b.positions; p += kLanes) {
    Vec best = splat(-__builtin_inff());
    VecI arg = *reinterpret_cast<const VecIU*>(b.first_tap + p);
    for (std::int64_t t = 0; t < b.taps; ++t) {
      const Vec x = load(b.in + p + b.offsets[t]);
      // As PyTorch: greater, or NaN. Nothing is greater than a NaN, so it stays until another NaN comes.
      const VecI take = (x > best) | (x != x);
      best = take ? x : best;
      arg = take ? static_cast<std::int32_t>(t) - VecI{} : arg;
    }
    store(b.best + p, best);
    *reinterpret_cast<VecIU*>(b.arg + p) = arg;
  }
}

void store_args(std::int64_t lines, std::int64_t columns, std::int64_t pitch, const std::int32_t* args, bool wide,
                void* dst) {
  for (std::int64_t l = 0; l < lines; ++l) {
    const std::int32_t* src = args + l * pitch;
    if (wide) {
      auto* to = static_cast<std::int32_t*>(dst) + l * columns;
      for (std::int64_t c = 0; c < columns; ++c) to[c] = src[c];
    } else {
      auto* to = static_cast<std::uint8_t*>(dst) + l * columns;
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

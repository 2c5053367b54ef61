"""Golden data for ops of ONNX files that the node test suite does not hold: python3 make_onnx.py (needs onnx, onnxruntime) writes onnx.bin beside itself.

com.microsoft ops, products and convolutions of whole numbers with long sums, recurrent layers in all directions, lengths and activations; results are onnxruntime's on one thread.
onnx.bin is a row of strings with their length before them (4 bytes): NAME, model, how many files follow, then their names and bytes (input_0.pb, .., output_0.pb, ..).
"""
import os, struct
import numpy as np, onnxruntime as ort
from onnx import helper as h, numpy_helper as nh

rng = np.random.default_rng(7)
store = []


def f(*s): return rng.standard_normal(s).astype(np.float32)
def u8(*s): return rng.integers(0, 256, s).astype(np.uint8)
def i8(*s): return rng.integers(-128, 128, s).astype(np.int8)
def sc(x=0.05): return np.array(x, np.float32)
def text(b): return struct.pack("<I", len(b)) + b


def case(name, op, ins, nouts=1, const=(), domain="com.microsoft", opset=17, outs=None, **attrs):
    """ins: arrays, None = absent; const: those that are the file's own."""
    names = ["" if x is None else f"x{i}" for i, x in enumerate(ins)]
    outs = outs or [f"y{i}" for i in range(nouts)]
    node = h.make_node(op, names, outs, name="n0", domain=domain, **attrs)
    given = [(n, x) for i, (n, x) in enumerate(zip(names, ins)) if x is not None and i not in const]
    values = [h.make_tensor_value_info(n, h.np_dtype_to_tensor_dtype(x.dtype), list(x.shape)) for n, x in given]
    own = [nh.from_array(x, n) for i, (n, x) in enumerate(zip(names, ins)) if x is not None and i in const]

    def model(results):
        graph = h.make_graph([node], "g", values, results, own)
        return h.make_model(graph, opset_imports=[h.make_opsetid("", opset), h.make_opsetid("com.microsoft", 1)], ir_version=9).SerializeToString()
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.graph_optimization_level = 1, ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    wanted = [o for o in outs if o]
    results = ort.InferenceSession(model([h.make_empty_tensor_value_info(o) for o in wanted]), options, providers=["CPUExecutionProvider"]).run(None, dict(given))
    files = [(f"input_{i}.pb", nh.from_array(x, n)) for i, (n, x) in enumerate(given)] + [(f"output_{i}.pb", nh.from_array(r, o)) for i, (o, r) in enumerate(zip(wanted, results))]
    store.append(text(name.encode()) + text(model([h.make_tensor_value_info(o, h.np_dtype_to_tensor_dtype(r.dtype), list(r.shape)) for o, r in zip(wanted, results)])))
    store.append(text(str(len(files)).encode()) + b"".join(text(n.encode()) + text(t.SerializeToString()) for n, t in files))


case("gelu","Gelu",[f(3,5)]); case("biasgelu","BiasGelu",[f(3,5),f(5)]); case("fastgelu","FastGelu",[f(3,5)]); case("fastgelu_bias","FastGelu",[f(3,5),f(5)]); case("quickgelu","QuickGelu",[f(3,5)],alpha=1.702)
for act,p in (("Relu",[]),("LeakyRelu",[0.2]),("Clip",[-0.5,0.7]),("Tanh",[]),("Sigmoid",[]),("HardSigmoid",[0.2,0.5])):
    case("fusedconv_"+act,"FusedConv",[f(1,4,6,6),f(5,4,3,3),f(5)],const=(1,2),activation=act,pads=[1,1,1,1],**({"activation_params":p} if p else {}))
case("fusedconv_z","FusedConv",[f(1,4,6,6),f(5,4,3,3),f(5),f(1,5,6,6)],const=(1,2),activation="Relu",pads=[1,1,1,1])
case("fusedgemm","FusedGemm",[f(3,4),f(5,4),f(5)],const=(1,2),activation="LeakyRelu",activation_alpha=0.1,transB=1)
case("fusedgemm2","FusedGemm",[f(3,4),f(4,5),f(5)],activation="Relu",alpha=0.5,beta=2.0)
case("fusedmatmul","FusedMatMul",[f(2,4,3),f(2,5,4)],transA=1,transB=1,alpha=0.3)
case("fusedmatmul_batch","FusedMatMul",[f(3,2,4),f(4,2,5)],transBatchA=1,transBatchB=1)
case("transposematmul","TransposeMatMul",[f(2,4,3),f(2,4,5)],transA=1,alpha=2.0)
case("convtransposepads","ConvTransposeWithDynamicPads",[f(1,3,4,4),f(3,2,3,3),np.array([1,1,0,0],np.int64),f(2)],strides=[2,2],output_padding=[1,1])
for bits,bs in ((4,32),(4,16),(8,32)):
    n,k=7,50; nb=(k+bs-1)//bs
    case(f"matmulnbits_{bits}_{bs}","MatMulNBits",[f(2,3,k),u8(n,nb,bs*bits//8),f(n*nb)],const=(1,2),K=k,N=n,bits=bits,block_size=bs)
    zpw=(nb*bits+7)//8
    case(f"matmulnbits_{bits}_{bs}_zp","MatMulNBits",[f(2,3,k),u8(n,nb,bs*bits//8),f(n*nb),u8(n*zpw)],const=(1,2,3),K=k,N=n,bits=bits,block_size=bs)
case("skiplayernorm","SkipLayerNormalization",[f(2,3,8),f(2,3,8),f(8),f(8),f(8)],outs=["y","","","s"],epsilon=1e-5)
case("skiplayernorm1","SkipLayerNormalization",[f(2,3,8),f(2,3,8),f(8)])
case("skipsimplified","SkipSimplifiedLayerNormalization",[f(2,3,8),f(2,3,8),f(8),f(8)],outs=["y","","","s"],epsilon=1e-5)
case("simplified","SimplifiedLayerNormalization",[f(2,3,8),f(8)],domain="",nouts=2,axis=-1,epsilon=1e-5)
case("layernorm16","LayerNormalization",[f(2,3,8),f(8),f(8)],domain="",opset=17,nouts=1,axis=-1)
ids=rng.integers(0,10,(2,4)).astype(np.int32); seg=rng.integers(0,2,(2,4)).astype(np.int32)
mask=np.array([[1,1,1,0],[1,1,0,0]],np.int32)
case("embed","EmbedLayerNormalization",[ids,seg,f(10,8),f(6,8),f(2,8),f(8),f(8),mask],nouts=2)
case("embed_nosum","EmbedLayerNormalization",[ids,None,f(10,8),f(6,8),None,f(8),f(8)],nouts=3)
case("embed_pos","EmbedLayerNormalization",[ids,seg,f(10,8),f(6,8),f(2,8),f(8),f(8),mask,np.array([[1,2,3,4],[0,1,2,3]],np.int32)],nouts=2)
q=lambda *s:u8(*s); z=np.array(128,np.uint8)
case("qembed","QEmbedLayerNormalization",[ids,seg,q(10,8),q(6,8),q(2,8),q(8),q(8),mask,sc(),sc(),sc(),sc(),sc(),z,z,z,z,z],nouts=2)
case("cdist","CDist",[f(3,4),f(5,4)],metric="euclidean"); case("cdist_sq","CDist",[f(3,4),f(5,4)],metric="sqeuclidean")
# quantised
for zt,gen,zv in (("u8",u8,np.uint8(120)),("i8",i8,np.int8(-5))):
    zp=np.array(zv)
    case("qadd_"+zt,"QLinearAdd",[gen(2,3,4),sc(),zp,gen(3,4),sc(0.03),zp,sc(0.0817),zp])
    case("qmul_"+zt,"QLinearMul",[gen(2,3,4),sc(),zp,gen(3,4),sc(0.03),zp,sc(0.2131),zp])
    case("qsigmoid_"+zt,"QLinearSigmoid",[gen(2,3,4),sc(),zp,sc(1/256),zp],const=(1,2,3,4))
    case("qleaky_"+zt,"QLinearLeakyRelu",[gen(2,3,4),sc(),zp,sc(0.04),zp],const=(1,2,3,4),alpha=0.1)
    case("qgap_"+zt,"QLinearGlobalAveragePool",[gen(2,3,5,5),sc(),zp,sc(0.02),zp],const=(1,2,3,4))
    case("qap_"+zt,"QLinearAveragePool",[gen(2,3,6,6),sc(),zp,sc(0.0213),zp],const=(1,2,3,4),kernel_shape=[3,3],strides=[2,2],pads=[1,1,1,1])
    case("qconcat_"+zt,"QLinearConcat",[sc(),zp,gen(2,3),sc(0.03),zp,gen(2,4),sc(0.06),zp],const=(0,1,3,4,6,7),axis=1)
    case("qwhere_"+zt,"QLinearWhere",[rng.integers(0,2,(2,3)).astype(bool),gen(2,3),sc(),zp,gen(2,3),sc(0.03),zp,sc(0.05),zp],const=(2,3,5,6,7,8))
    case("nhwcmaxpool_"+zt,"NhwcMaxPool",[gen(2,6,6,3)],kernel_shape=[2,2],strides=[2,2])
    case("qgemm_"+zt,"QGemm",[gen(3,20),sc(),zp,i8(5,20),sc(0.02),np.array(3,np.int8),rng.integers(-900,900,(5,)).astype(np.int32),sc(2.0),zp],const=(3,4,5),transB=1)
    case("qgemm_f_"+zt,"QGemm",[gen(3,20),sc(),zp,i8(20,5),np.abs(f(5)),i8(5)*0+2,rng.integers(-900,900,(5,)).astype(np.int32)],const=(3,4,5),alpha=0.5)
    case("qconv_nhwc_"+zt,"QLinearConv",[gen(1,6,6,4),sc(),zp,i8(5,4,3,3),np.abs(f(5))*.01,np.zeros(5,np.int8),sc(0.1),zp,rng.integers(-900,900,(5,)).astype(np.int32)],const=(3,4,5),channels_last=1,pads=[1,1,1,1])
    case("mmi2f_"+zt,"MatMulIntegerToFloat",[gen(3,20),i8(20,5),sc(),np.abs(f(5)),zp,np.zeros(5,np.int8),f(5)],const=(1,3,5))
case("dqmatmul","DynamicQuantizeMatMul",[f(2,3,20),i8(20,5),sc(0.02),np.array(2,np.int8),f(5)],const=(1,2,3))
case("dqmatmul_col","DynamicQuantizeMatMul",[f(3,20),u8(20,5),np.abs(f(5)),u8(5)],const=(1,2,3))
# big k: exactness
case("matmulinteger_big","MatMulInteger",[u8(4,3000),i8(3000,6),np.array(100,np.uint8),np.array(-7,np.int8)],domain="",const=(1,3))
case("convinteger_big","ConvInteger",[u8(1,64,9,9),u8(8,64,3,3),np.array(128,np.uint8),np.array(120,np.uint8)],domain="",const=(1,3),pads=[1,1,1,1])
case("qconv_big","QLinearConv",[u8(1,64,9,9),sc(),np.array(7,np.uint8),i8(8,32,3,3),np.abs(f(8))*0.01,np.zeros(8,np.int8),sc(0.5),np.array(99,np.uint8),rng.integers(-9000,9000,(8,)).astype(np.int32)],domain="",const=(3,4,5),pads=[1,1,1,1],group=2)
# attention
b,m,H,n,d=2,4,12,3,4
W,B=f(H,3*H),f(3*H)
A=dict(num_heads=n)
case("att","Attention",[f(b,m,H),W,B],const=(1,2),**A)
case("att_uni","Attention",[f(b,m,H),W,B],const=(1,2),unidirectional=1,**A)
case("att_len","Attention",[f(b,m,H),W,B,np.array([3,2],np.int32)],const=(1,2),**A)
case("att_ends","Attention",[f(b,m,H),W,B,np.array([4,3,1,0],np.int32)],const=(1,2),**A)
case("att_raw","Attention",[f(b,m,H),W,B,mask],const=(1,2),**A)
case("att_3d","Attention",[f(b,m,H),W,B,np.tril(np.ones((b,m,m),np.int32))],const=(1,2),**A)
case("att_past","Attention",[f(b,m,H),W,B,None,f(2,b,n,5,d)],nouts=2,const=(1,2),unidirectional=1,**A)
case("att_past_mask","Attention",[f(b,m,H),W,B,rng.integers(0,2,(b,m+5)).astype(np.int32),f(2,b,n,5,d)],nouts=2,const=(1,2),**A)
case("att_bias","Attention",[f(b,m,H),W,B,None,None,f(b,n,m,m)],const=(1,2),**A)
case("att_sizes","Attention",[f(b,m,H),f(H,12+12+6),f(30)],const=(1,2),qkv_hidden_sizes=[12,12,6],**A)
case("qatt","QAttention",[u8(b,m,H),i8(H,3*H),f(3*H),sc(0.02),sc(0.01),mask,np.array(128,np.uint8),np.array(0,np.int8)],const=(1,2,4,7),**A)
case("qatt_col","QAttention",[u8(b,m,H),i8(H,3*H),f(3*H),sc(0.02),np.abs(f(3*H))*.01,None,np.array(128,np.uint8),np.zeros(3*H,np.int8)],const=(1,2,4,7),unidirectional=1,**A)
case("mha","MultiHeadAttention",[f(b,m,H),f(b,5,H),f(b,5,H)],**A)
case("mha_bias","MultiHeadAttention",[f(b,m,H),f(b,5,H),f(b,5,H),f(3*H)],**A)
case("mha_mask","MultiHeadAttention",[f(b,m,H),f(b,5,H),f(b,5,H),f(3*H),rng.integers(0,2,(b,5)).astype(np.int32)],**A)
case("mha_lens","MultiHeadAttention",[f(b,m,H),f(b,5,H),f(b,5,H),None,np.array([3,2],np.int32)],**A)
case("mha_relpos","MultiHeadAttention",[f(b,m,H),f(b,5,H),f(b,5,H),None,None,f(1,n,m,5)],**A)
case("mha_past","MultiHeadAttention",[f(b,m,H),f(b,m,H),f(b,m,H),None,None,None,f(b,n,5,d),f(b,n,5,d)],nouts=3,unidirectional=1,**A)
case("mha_cross","MultiHeadAttention",[f(b,m,H),f(b,n,5,d),f(b,n,5,d),f(3*H)],**A)
mx,hd=16,16
an=f(mx,hd//2); cos,sin=np.cos(an),np.sin(an)
G=dict(num_heads=4,kv_num_heads=2)
case("gqa_prompt","GroupQueryAttention",[f(1,m,64),f(1,m,32),f(1,m,32),None,None,np.array([m-1],np.int32),np.array(m,np.int32)],nouts=3,**G)
case("gqa_rot","GroupQueryAttention",[f(1,m,64),f(1,m,32),f(1,m,32),None,None,np.array([m-1],np.int32),np.array(m,np.int32),cos,sin],nouts=3,do_rotary=1,**G)
case("gqa_rot_i","GroupQueryAttention",[f(1,m,64),f(1,m,32),f(1,m,32),None,None,np.array([m-1],np.int32),np.array(m,np.int32),cos,sin],nouts=3,do_rotary=1,rotary_interleaved=1,**G)
case("gqa_step","GroupQueryAttention",[f(2,1,64),f(2,1,32),f(2,1,32),f(2,2,10,16),f(2,2,10,16),np.array([5,7],np.int32),np.array(8,np.int32),cos,sin],nouts=3,do_rotary=1,**G)
case("gqa_window","GroupQueryAttention",[f(1,m,64),f(1,m,32),f(1,m,32),None,None,np.array([m-1],np.int32),np.array(m,np.int32)],nouts=3,local_window_size=2,**G)
case("gqa_cap","GroupQueryAttention",[f(1,m,128)*3,None,None,None,None,np.array([m-1],np.int32),np.array(m,np.int32)],nouts=3,softcap=2.0,scale=0.3,**G)
case("gqa_batch","GroupQueryAttention",[f(2,m,64),f(2,m,32),f(2,m,32),None,None,np.array([m-1,m-2],np.int32),np.array(m,np.int32)],nouts=3,**G)
pos=np.array([[0,1,2,3],[4,5,6,7]],np.int64)
case("rot","RotaryEmbedding",[f(2,m,32),pos,cos,sin]); case("rot_i","RotaryEmbedding",[f(2,m,32),pos,cos,sin],interleaved=1)
case("rot_off","RotaryEmbedding",[f(2,m,32),np.array([3],np.int64),cos,sin]); case("rot_4d","RotaryEmbedding",[f(2,4,m,16),pos,cos,sin])
case("rot_part","RotaryEmbedding",[f(2,m,96),pos,cos,sin],num_heads=4,rotary_embedding_dim=16)
# recurrent
hs,I,S,Bt=5,4,6,3
for dirn in ("forward","reverse","bidirectional"):
    D=2 if dirn=="bidirectional" else 1
    for lens in (None,np.array([6,2,4],np.int32)):
        for op,g,ns in (("LSTM",4,2),("GRU",3,1),("RNN",1,1)):
            st=[f(D,Bt,hs)]*ns
            nm=f"{op}_{dirn}{'_len' if lens is not None else ''}"
            case(nm,op,[f(S,Bt,I),f(D,g*hs,I),f(D,g*hs,hs),f(D,2*g*hs),lens]+st,nouts=ns+1,const=(1,2,3),domain="",direction=dirn,hidden_size=hs)
            case(nm+"_nob",op,[f(S,Bt,I),f(D,g*hs,I),f(D,g*hs,hs),None,lens],nouts=ns+1,const=(1,2),domain="",direction=dirn,hidden_size=hs)
            if op=="GRU": case(nm+"_lbr",op,[f(S,Bt,I),f(D,g*hs,I),f(D,g*hs,hs),f(D,2*g*hs),lens]+st,nouts=ns+1,const=(1,2,3),domain="",direction=dirn,hidden_size=hs,linear_before_reset=1)
            if op=="LSTM":
                case(nm+"_peep",op,[f(S,Bt,I),f(D,g*hs,I),f(D,g*hs,hs),f(D,2*g*hs),lens]+st+[f(D,3*hs)],nouts=3,const=(1,2,3),domain="",direction=dirn,hidden_size=hs)
                case(nm+"_clip",op,[f(S,Bt,I)*3,f(D,g*hs,I),f(D,g*hs,hs),f(D,2*g*hs),lens]+st,nouts=3,const=(1,2,3),domain="",direction=dirn,hidden_size=hs,clip=0.7)
                case(nm+"_couple",op,[f(S,Bt,I),f(D,g*hs,I),f(D,g*hs,hs),f(D,2*g*hs),lens]+st,nouts=3,const=(1,2,3),domain="",direction=dirn,hidden_size=hs,input_forget=1)
                case(nm+"_acts",op,[f(S,Bt,I),f(D,g*hs,I),f(D,g*hs,hs),f(D,2*g*hs),lens]+st,nouts=3,const=(1,2,3),domain="",direction=dirn,hidden_size=hs,activations=["HardSigmoid","ScaledTanh","Relu"]*D,activation_alpha=[0.3,0.9]*D,activation_beta=[0.4,1.1]*D)
            if op=="GRU": case(nm+"_clip",op,[f(S,Bt,I)*3,f(D,g*hs,I),f(D,g*hs,hs),f(D,2*g*hs),lens]+st,nouts=2,const=(1,2,3),domain="",direction=dirn,hidden_size=hs,clip=0.7)
            if op=="RNN": case(nm+"_act",op,[f(S,Bt,I)*3,f(D,g*hs,I),f(D,g*hs,hs),f(D,2*g*hs),lens]+st,nouts=2,const=(1,2,3),domain="",direction=dirn,hidden_size=hs,activations=["Relu"]*D)
    case(f"dqlstm_{dirn}","DynamicQuantizeLSTM",[f(S,Bt,I),i8(D,I,4*hs),i8(D,hs,4*hs),f(D,8*hs),None,None,None,None,np.abs(f(D))*.02,np.zeros(D,np.int8),np.abs(f(D))*.02,np.zeros(D,np.int8)],nouts=3,const=(1,2,3,8,9,10,11),direction=dirn,hidden_size=hs)
    if dirn!="bidirectional": case(f"dqlstm1_{dirn}","DynamicQuantizeLSTM",[f(S,1,I),i8(D,I,4*hs),i8(D,hs,4*hs),f(D,8*hs),None,None,None,None,np.abs(f(D))*.02,np.zeros(D,np.int8),np.abs(f(D))*.02,np.zeros(D,np.int8)],nouts=3,const=(1,2,3,8,9,10,11),direction=dirn,hidden_size=hs)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx.bin"), "wb") as out: out.write(b"".join(store))
